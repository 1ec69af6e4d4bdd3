import { concurrencyAfter, initialConcurrency, slowStart, type Concurrency } from '../rules/concurrency.ts';

/** What one endpoint has in flight and what waits for it. */
export interface Line<Waiting> {
  /** When each request in flight began, the oldest first. */
  begun: Set<{ atMs: number }>;
  /** First attempts, and retries apart: a storm of retries is not to keep them waiting. */
  fresh: Waiting[];
  retries: Waiting[];
  turns: Turns;
  pace: Pace;
}

/** How an endpoint has done so far. */
export interface Pace {
  /** Exponentially weighted mean duration of a request, by when it ended, in milliseconds. */
  meanMs: number;
  /** When the latest one ended. */
  endedAtMs: number;
  concurrency: Concurrency;
}

/** Of an endpoint that is not known yet: optimistic, for the age of what is in flight corrects it soon. */
const startingMeanMs = 10;
/** What happened so long ago counts a third: a moment in which everything is slow makes no endpoint slow. */
const memoryMs = 2000;

/**
 * An endpoint that answers faster than this, and may have all its connections, is not what its deliveries wait for: the
 * process is, and spilling would only make it more work (at 64 at a time, 250 ms are 256 requests a second). Their number
 * is bounded by the worker's window.
 */
const slowMs = 250;

/** Of an endpoint that is not known yet. */
export const newPace = (maxConcurrency: number, nowMs: number): Pace => ({
  meanMs: startingMeanMs,
  endedAtMs: nowMs,
  concurrency: initialConcurrency(maxConcurrency),
});

export const newLine = <Waiting>(pace: Pace): Line<Waiting> => ({
  begun: new Set(),
  fresh: [],
  retries: [],
  turns: { nextMs: 0, laterMs: 0 },
  pace,
});

export const waitingIn = (line: Line<unknown>): number => line.fresh.length + line.retries.length;

/** How a request of an endpoint ended. */
export interface Ended {
  durationMs: number;
  /** A time-out, no connection, 5xx or 429: the endpoint has more than it can take. */
  isTrouble: boolean;
}

export const limitOf = ({ pace }: Line<unknown>, maxConcurrency: number): number =>
  Math.min(pace.concurrency.limit, maxConcurrency);

/** @param how undefined where no request was made after all */
export const ended = (
  line: Line<unknown>,
  begun: { atMs: number },
  how: Ended | undefined,
  { maxConcurrency, nowMs }: { maxConcurrency: number; nowMs: number },
): void => {
  line.begun.delete(begun);
  if (how === undefined) return;
  const { meanMs, endedAtMs, concurrency } = line.pace;
  // A request after a long rest tells of no more time than it took: it may have had to connect first.
  const toldMs = Math.max(0, Math.min(nowMs - endedAtMs, how.durationMs));
  const weight = 1 - Math.exp(-toldMs / memoryMs);
  const result = { isTrouble: how.isTrouble, startedAtMs: begun.atMs };
  line.pace = {
    meanMs: meanMs + weight * (how.durationMs - meanMs),
    endedAtMs: nowMs,
    concurrency: concurrencyAfter(concurrency, result, maxConcurrency, nowMs),
  };
};

/** From one request at a time on: what has just recovered is not to get its whole backlog at once. */
export const restartSlowly = (line: Line<unknown>, nowMs: number): void => {
  line.pace = { ...line.pace, concurrency: slowStart(nowMs) };
};

/** What a request takes: no less than the oldest one in flight has taken already. */
const durationOf = (line: Line<unknown>, nowMs: number): number => {
  const [oldest] = line.begun;
  return oldest === undefined ? line.pace.meanMs : Math.max(line.pace.meanMs, nowMs - oldest.atMs);
};

/** At least what an unknown endpoint begins with: one that was slowed down and recovers is soon there again. */
const expectedLimit = (line: Line<unknown>, maxConcurrency: number): number =>
  Math.max(limitOf(line, maxConcurrency), initialConcurrency(maxConcurrency).limit);

/** How long it takes until a delivery with so many `ahead` of it can start, in milliseconds. */
export const waitOf = (
  line: Line<unknown>,
  { ahead, maxConcurrency, nowMs }: { ahead: number; maxConcurrency: number; nowMs: number },
): number => ((ahead + 1) * durationOf(line, nowMs)) / expectedLimit(line, maxConcurrency);

/** When those that wait in a tier come back, by the process's stopwatch. */
export interface Turns {
  /** The first turn that nobody has yet. */
  nextMs: number;
  /** The same for those who found none in time. */
  laterMs: number;
}

/** Two of an endpoint come back at least so far apart, in milliseconds: the others of the process are not to notice. */
const leastApartMs = 5;
/** How far ahead turns are given to a delivery that waits for the first time; each wait doubles it. */
const shortestViewMs = 10_000;
const longestViewMs = 30 * 60_000;

/**
 * When a delivery comes back that is handed to a tier: one after the other, as fast as the endpoint is expected to take
 * them. Turns are given for a while ahead only, for the endpoint may soon do better; who gets none asks again after it.
 *
 * @param ask the earliest turn that is of use; and how often the delivery was handed over before
 */
export const turnOf = (
  line: Line<unknown>,
  ask: { earliestMs: number; spills: number },
  { maxConcurrency, nowMs }: { maxConcurrency: number; nowMs: number },
): number => {
  const { turns } = line;
  const turnMs = Math.max(ask.earliestMs, turns.nextMs);
  const viewMs = Math.min(shortestViewMs * 2 ** Math.min(ask.spills, 10), longestViewMs);
  if (turnMs <= ask.earliestMs + viewMs) {
    turns.nextMs = turnMs + Math.max(leastApartMs, durationOf(line, nowMs) / expectedLimit(line, maxConcurrency));
    return turnMs;
  }
  const laterMs = Math.max(ask.earliestMs + viewMs, turns.laterMs);
  turns.laterMs = laterMs + leastApartMs;
  return laterMs;
};

/** Somebody may still come back. */
export const hasTurns = ({ turns }: Line<unknown>, nowMs: number): boolean =>
  Math.max(turns.nextMs, turns.laterMs) > nowMs;

/** How many may wait for an endpoint, so that none waits longer than `maxQueueMs` for its slowness. */
export const roomOf = (
  line: Line<unknown>,
  { maxQueueMs, maxConcurrency, nowMs }: { maxQueueMs: number; maxConcurrency: number; nowMs: number },
): number => {
  const durationMs = durationOf(line, nowMs);
  const limit = limitOf(line, maxConcurrency);
  if (durationMs < slowMs && limit >= maxConcurrency) return Number.POSITIVE_INFINITY;
  return Math.floor((maxQueueMs * limit) / durationMs);
};
