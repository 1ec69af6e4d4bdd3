import { concurrencyAfter, initialConcurrency, slowStart, type Concurrency } from '../rules/concurrency.ts';

/** What one endpoint has in flight and what waits for it. */
export interface Line<Waiting> {
  /** When each request in flight began, the oldest first. */
  begun: Set<{ atMs: number }>;
  /** First attempts, and retries apart: a storm of retries is not to keep them waiting. */
  fresh: Waiting[];
  retries: Waiting[];
  /** Handed to a tier because there was no room, and not back yet, as far as this process knows. */
  spilled: number;
  /** When the last one was handed over, in milliseconds since 1970. */
  spilledAtMs: number;
  herd: Herd;
  pace: Pace;
}

/** What is spilled comes back within a hop; what another process got instead never does. */
const longestSpillMs = 35 * 60 * 1000;

export const countSpilled = (line: Line<unknown>, nowMs: number): void => {
  line.spilled++;
  line.spilledAtMs = nowMs;
};

export const forgetSpilled = (line: Line<unknown>, nowMs: number): void => {
  if (nowMs - line.spilledAtMs > longestSpillMs) line.spilled = 0;
};

/** How an endpoint has done so far. */
export interface Pace {
  /** Exponentially weighted mean duration of a request, in milliseconds. */
  meanMs: number;
  concurrency: Concurrency;
}

/** Of an endpoint that is not known yet: optimistic, for the age of what is in flight corrects it soon. */
const startingMeanMs = 10;
const weight = 0.1;

/**
 * An endpoint that answers faster than this, and may have all its connections, is not what its deliveries wait for: the
 * process is, and spilling would only make it more work (at 64 at a time, 250 ms are 256 requests a second). Their number
 * is bounded by the worker's window.
 */
const slowMs = 250;

/** @param pace as it was known before, where it was */
export const newLine = <Waiting>(maxConcurrency: number, pace?: Pace): Line<Waiting> => ({
  begun: new Set(),
  fresh: [],
  retries: [],
  spilled: 0,
  spilledAtMs: 0,
  herd: { untilMs: 0, size: 0 },
  pace: pace ?? { meanMs: startingMeanMs, concurrency: initialConcurrency(maxConcurrency) },
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
  const { meanMs, concurrency } = line.pace;
  const result = { isTrouble: how.isTrouble, startedAtMs: begun.atMs };
  line.pace = {
    meanMs: meanMs + weight * (how.durationMs - meanMs),
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

/** Those that wait until the endpoint may be tried again: until when, and how many there are. */
export interface Herd {
  untilMs: number;
  size: number;
}

/** Those of a herd come back at least so far apart, in milliseconds: the others of the process are not to notice. */
const leastApartMs = 3;

/** When the next of a herd has its turn, so that they do not come back all at once. */
export const turnOf = (line: Line<unknown>, untilMs: number, maxConcurrency: number): number => {
  line.herd = { untilMs, size: line.herd.untilMs === untilMs ? line.herd.size + 1 : 0 };
  const apartMs = Math.max(leastApartMs, line.pace.meanMs / expectedLimit(line, maxConcurrency));
  return untilMs + line.herd.size * apartMs;
};

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
