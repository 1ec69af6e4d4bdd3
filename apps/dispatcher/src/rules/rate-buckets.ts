/** What is counted in one part of the time. */
export interface Bucket {
  /** Its number, counted from 1970. */
  readonly at: number;
  /** Requests that have started. */
  readonly started: number;
  /** Requests that were told to come then and have not come yet. */
  readonly reserved: number;
}

/** In order, those that hold something. */
export type Buckets = readonly Bucket[];

/** Two requests whose buckets are this far apart can still be within one span; with one bucket more they cannot. */
export const spanBuckets = 100;

export const withAdded = (
  buckets: Buckets,
  at: number,
  { started = 0, reserved = 0 }: { started?: number; reserved?: number },
): Buckets => {
  const found = buckets.findIndex((bucket) => bucket.at >= at);
  const index = found === -1 ? buckets.length : found;
  const present = buckets[index]?.at === at ? buckets[index] : undefined;
  const changed = {
    at,
    started: Math.max(0, (present?.started ?? 0) + started),
    reserved: Math.max(0, (present?.reserved ?? 0) + reserved),
  };
  const isEmpty = changed.started + changed.reserved === 0;
  return buckets.toSpliced(index, present === undefined ? 0 : 1, ...(isEmpty ? [] : [changed]));
};

export interface Search {
  readonly limit: number;
  /** The first bucket that will do. */
  readonly from: number;
  /** Whether the request also leaves room for what is reserved to later buckets, or only heeds what comes before it. */
  readonly leavesRoomAhead: boolean;
}

/**
 * The first bucket that can take one request more, so that no row of `spanBuckets` + 1 buckets holds more than `limit`.
 * One pass: each bucket closes the tightest row before it that is full, and the buckets whose rows would hold all of that
 * one are passed over.
 */
export const firstFree = (buckets: Buckets, { limit, from, leavesRoomAhead }: Search): number => {
  let free = from;
  let first = 0;
  let sum = 0;
  for (const { at, started, reserved } of buckets) {
    sum += started + reserved;
    let head = buckets[first];
    while (head !== undefined && sum - head.started - head.reserved >= limit) {
      sum -= head.started + head.reserved;
      head = buckets[++first];
    }
    if (head === undefined || sum < limit || at - head.at > spanBuckets) continue;
    if (free < (leavesRoomAhead ? at - spanBuckets : at)) break;
    free = Math.max(free, head.at + spanBuckets + 1);
  }
  return free;
};
