import { initialConcurrency } from '../rules/concurrency.ts';
import { isFast, isGrowing, paceAfter, slowedDown, type Ended, type Pace } from './pace.ts';

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

export const newLine = <Waiting>(pace: Pace): Line<Waiting> => ({
  begun: new Set(),
  fresh: [],
  retries: [],
  turns: { nextMs: 0, laterMs: 0 },
  pace,
});

export const waitingIn = (line: Line<unknown>): number => line.fresh.length + line.retries.length;

export const limitOf = ({ pace }: Line<unknown>, maxConcurrency: number): number =>
  Math.min(pace.concurrency.limit, maxConcurrency);

/** @param how undefined where no request was made after all */
export const ended = (
  line: Line<unknown>,
  begun: { atMs: number },
  how: Ended | undefined,
  seen: { maxConcurrency: number; nowMs: number; lagMs: number },
): void => {
  line.begun.delete(begun);
  if (how !== undefined) line.pace = paceAfter(line.pace, how, { ...seen, startedAtMs: begun.atMs });
};

/** From one request at a time on. */
export const restartSlowly = (line: Line<unknown>, nowMs: number): void => {
  line.pace = slowedDown(line.pace, nowMs);
};

/** How long the oldest one in flight has been under way. */
const oldestOf = (line: Line<unknown>, nowMs: number): number => {
  const [oldest] = line.begun;
  return oldest === undefined ? 0 : nowMs - oldest.atMs;
};

/** What a request takes: no less than the oldest one in flight has taken already. */
const durationOf = (line: Line<unknown>, nowMs: number): number => Math.max(line.pace.meanMs, oldestOf(line, nowMs));

/**
 * All that it may have where it had no trouble yet, and at least what an unknown endpoint begins with: one that was slowed
 * down and recovers is soon there again.
 */
const expectedLimit = (line: Line<unknown>, maxConcurrency: number): number =>
  isGrowing(line.pace)
    ? maxConcurrency
    : Math.max(limitOf(line, maxConcurrency), initialConcurrency(maxConcurrency).limit);

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

/**
 * They come back a little faster than the endpoint is expected to take them: what is too much waits in memory, and a busy
 * endpoint does not pause.
 */
const haste = 0.9;
/** Two of an endpoint come back at least so far apart, in milliseconds: the others of the process are not to notice. */
const leastApartMs = 1;
/** Who found no turn asks again no later than so long after the one before: the endpoint may have recovered meanwhile. */
const mostApartLaterMs = 5;
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
  const apartMs = Math.max(leastApartMs, (haste * durationOf(line, nowMs)) / expectedLimit(line, maxConcurrency));
  if (turnMs <= ask.earliestMs + viewMs) {
    turns.nextMs = turnMs + apartMs;
    return turnMs;
  }
  const laterMs = Math.max(ask.earliestMs + viewMs, turns.laterMs);
  turns.laterMs = laterMs + Math.min(apartMs, mostApartLaterMs);
  return laterMs;
};

/** Somebody may still come back. */
export const hasTurns = ({ turns }: Line<unknown>, nowMs: number): boolean =>
  Math.max(turns.nextMs, turns.laterMs) > nowMs;

export interface Room {
  records: number;
  bytes: number;
}

/** Bounded by the worker's window alone. */
const noBound: Room = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

/**
 * How much may wait for an endpoint, so that none waits longer than `maxQueueMs` for its slowness, and what waits is no
 * more than its share of the partition.
 */
export const roomOf = (
  line: Line<unknown>,
  options: { maxQueueMs: number; share: Room; maxConcurrency: number; nowMs: number },
): Room => {
  const { maxQueueMs, share, maxConcurrency, nowMs } = options;
  const limit = limitOf(line, maxConcurrency);
  const records = Math.floor((maxQueueMs * limit) / durationOf(line, nowMs));
  if (isFast(line.pace, oldestOf(line, nowMs), maxConcurrency, nowMs))
    return limit >= maxConcurrency ? noBound : { ...noBound, records };
  return { records: Math.min(records, share.records), bytes: share.bytes };
};
