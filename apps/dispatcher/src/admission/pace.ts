import { concurrencyAfter, initialConcurrency, slowStart, type Concurrency } from '../rules/concurrency.ts';

/** How an endpoint has done so far. */
export interface Pace {
  /** Exponentially weighted mean duration of a request, by when it ended, in milliseconds. */
  readonly meanMs: number;
  /** When the latest one ended. */
  readonly endedAtMs: number;
  /** The requests of this span of time, and of the one before it. */
  readonly present: Span;
  readonly before: Span;
  readonly concurrency: Concurrency;
}

interface Span {
  readonly sinceMs: number;
  readonly requests: number;
  /** Those that took no longer than where this process is what its deliveries wait for. */
  readonly quick: number;
}

/** How a request of an endpoint ended. */
export interface Ended {
  durationMs: number;
  /** A time-out, no connection, 5xx or 429: the endpoint has more than it can take. */
  isTrouble: boolean;
}

/** Of an endpoint that is not known yet: optimistic, for the age of what is in flight corrects it soon. */
const startingMeanMs = 10;
/** What happened so long ago counts a third: a moment in which everything is slow makes no endpoint slow. */
const memoryMs = 2000;
const spanMs = 1000;

/**
 * An endpoint that could take so many requests a second is not what its deliveries wait for: the process is, and spilling
 * would only make it more work.
 */
const fastPerSecond = 1000;
/** So many of its requests are quick where it is fast: on a busy process many are seen late, but not nearly all. */
const quickShare = 0.25;
/** Fewer requests tell nothing about that: a round of them where an endpoint has few at a time, and 4 to 16 in any case. */
const enoughRequests = (maxConcurrency: number): number => Math.min(16, Math.max(4, maxConcurrency));
/** However many are quick. */
const slowMs = 250;

const quickMs = (maxConcurrency: number): number => (maxConcurrency * 1000) / fastPerSecond;

const emptySpan = (sinceMs: number): Span => ({ sinceMs, requests: 0, quick: 0 });

/** Of an endpoint that is not known yet. */
export const newPace = (maxConcurrency: number, nowMs: number): Pace => ({
  meanMs: startingMeanMs,
  endedAtMs: nowMs,
  present: emptySpan(nowMs),
  before: emptySpan(nowMs),
  concurrency: initialConcurrency(maxConcurrency),
});

const spansAfter = ({ present, before }: Pace, isQuick: boolean, nowMs: number): Pick<Pace, 'present' | 'before'> => {
  const isOver = nowMs - present.sinceMs >= spanMs;
  const { sinceMs, requests, quick } = isOver ? emptySpan(nowMs) : present;
  return {
    present: { sinceMs, requests: requests + 1, quick: quick + (isQuick ? 1 : 0) },
    before: isOver ? present : before,
  };
};

/** @param at lagMs: what the process was late itself, which is no time of the endpoint */
export const paceAfter = (
  pace: Pace,
  { durationMs, isTrouble }: Ended,
  at: { startedAtMs: number; maxConcurrency: number; nowMs: number; lagMs: number },
): Pace => {
  const { meanMs, endedAtMs, concurrency } = pace;
  const { startedAtMs, maxConcurrency, nowMs, lagMs } = at;
  const tookMs = Math.max(0, durationMs - lagMs);
  // A request after a long rest tells of no more time than it took: it may have had to connect first.
  const toldMs = Math.max(0, Math.min(nowMs - endedAtMs, tookMs));
  const weight = 1 - Math.exp(-toldMs / memoryMs);
  return {
    meanMs: meanMs + weight * (tookMs - meanMs),
    endedAtMs: nowMs,
    ...spansAfter(pace, tookMs <= quickMs(maxConcurrency), nowMs),
    concurrency: concurrencyAfter(concurrency, { isTrouble, startedAtMs }, maxConcurrency, nowMs),
  };
};

/** From one request at a time on: what has just recovered is not to get its whole backlog at once. */
export const slowedDown = (pace: Pace, nowMs: number): Pace => ({ ...pace, concurrency: slowStart(nowMs) });

/**
 * Whether the endpoint takes more than this process makes. Of enough requests those that were quick tell, for a mean keeps
 * a single moment in which everything was late.
 *
 * @param oldestMs how long the oldest request in flight has been under way
 */
export const isFast = (pace: Pace, oldestMs: number, maxConcurrency: number, nowMs: number): boolean => {
  const recent = [pace.present, pace.before].filter(({ sinceMs }) => nowMs - sinceMs < 3 * spanMs);
  const requests = recent.reduce((sum, span) => sum + span.requests, 0);
  const quick = recent.reduce((sum, span) => sum + span.quick, 0);
  if (oldestMs >= slowMs) return false;
  return requests < enoughRequests(maxConcurrency) ? pace.meanMs < slowMs : quick >= requests * quickShare;
};

/** It gets one more request at a time with each that goes well, and soon has all that it may have. */
export const isGrowing = ({ concurrency }: Pace): boolean => concurrency.loweredAtMs === Number.NEGATIVE_INFINITY;
