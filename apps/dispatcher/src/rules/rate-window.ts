import { type Buckets, firstFree, spanBuckets, withAdded } from './rate-buckets.ts';

/** At most `limit` (1 to 100,000) requests start in any `periodSeconds` (1 to 86,400) + 1 s. */
export interface RateRule {
  readonly limit: number;
  readonly periodSeconds: number;
}

/**
 * The requests of one endpoint that a rule counts. A hundredth of the span is one bucket, so a request may wait up to a
 * hundredth longer than the rule asks for. A reservation is a plan: whether its request may start is decided by what has
 * really started when it comes, so a late one never breaks the rule, and moves the others by as much as it was late.
 */
export interface RateWindow {
  readonly rule: RateRule;
  readonly buckets: Buckets;
  /** Where the reservations beyond the horizon end. They are not counted one by one, but handed out at the rule's pace. */
  readonly tailMs: number;
}

export interface RateSlot {
  readonly window: RateWindow;
  /** The present moment: the request may start and is counted. Later: it is reserved, and comes back no sooner. */
  readonly startAtMs: number;
}

/** As it is written to the topic endpoint-state. */
export interface RateWindowRecord {
  bucketMs: number;
  buckets: number[];
  counts: number[];
}

/** Reservations are counted for ten spans. */
const horizonBuckets = 10 * spanBuckets;

/**
 * The span is the second that the rule adds to its period, and half a second more: between the moment that is counted here
 * and the arrival lie signing, a connection and a busy process, and what counts is what the receiver sees.
 */
const extraSeconds = 1.5;

const bucketMsOf = ({ periodSeconds }: RateRule): number => ((periodSeconds + extraSeconds) * 1000) / spanBuckets;
const bucketOf = (rule: RateRule, atMs: number): number => Math.floor(atMs / bucketMsOf(rule));

export const emptyRateWindow = (rule: RateRule): RateWindow => ({ rule, buckets: [], tailMs: 0 });

/** Without what is too old to be in one span with the present. */
const recent = ({ rule, buckets }: RateWindow, nowMs: number): Buckets => {
  const oldest = bucketOf(rule, nowMs) - spanBuckets;
  const first = buckets.findIndex(({ at }) => at >= oldest);
  if (first === 0) return buckets;
  return first === -1 ? [] : buckets.slice(first);
};

/**
 * Nothing has started that lies ahead: where something has, the clock was set back. It counts as started now; and where that
 * is by more than a span, what was reserved is void, for it would come that much too late.
 */
const heedSetBack = (window: RateWindow, nowMs: number): RateWindow => {
  const now = bucketOf(window.rule, nowMs);
  const latest = window.buckets.findLast((bucket) => bucket.started > 0);
  if (latest === undefined || latest.at <= now) return window;
  const ahead = window.buckets.filter((bucket) => bucket.at > now);
  const startedAhead = ahead.reduce((sum, bucket) => sum + bucket.started, 0);
  const isVoid = latest.at - now > spanBuckets;
  const planned = isVoid ? [] : ahead.filter(({ reserved: count }) => count > 0);
  const kept = [
    ...window.buckets.filter((bucket) => bucket.at <= now),
    ...planned.map((bucket) => ({ ...bucket, started: 0 })),
  ];
  const buckets = withAdded(kept, now, { started: startedAhead });
  return { ...window, buckets, tailMs: isVoid ? 0 : window.tailMs };
};

const started = (window: RateWindow, buckets: Buckets, nowMs: number): RateSlot => ({
  window: { ...window, buckets: withAdded(buckets, bucketOf(window.rule, nowMs), { started: 1 }) },
  startAtMs: nowMs,
});

const reserved = (window: RateWindow, buckets: Buckets, at: number): RateSlot => ({
  window: { ...window, buckets: withAdded(buckets, at, { reserved: 1 }) },
  startAtMs: at * bucketMsOf(window.rule),
});

/** For a request that has no slot yet: now if nobody who waits is owed the place, else behind those who wait. */
export const reserve = (given: RateWindow, nowMs: number): RateSlot => {
  const window = heedSetBack(given, nowMs);
  const { rule, tailMs } = window;
  const bucketMs = bucketMsOf(rule);
  const buckets = recent(window, nowMs);
  const now = bucketOf(rule, nowMs);
  const from = Math.max(now, bucketOf(rule, tailMs));
  const free = firstFree(buckets, { limit: rule.limit, from, leavesRoomAhead: true });
  if (free === now) return started(window, buckets, nowMs);
  if (free <= now + horizonBuckets) return reserved(window, buckets, free);
  const startAtMs = Math.max(tailMs, free * bucketMs);
  const paceMs = ((spanBuckets + 1) * bucketMs) / rule.limit;
  return { window: { ...window, buckets, tailMs: startAtMs + paceMs }, startAtMs: Math.ceil(startAtMs) };
};

/**
 * For a request that comes back with its slot. At its time or later it starts if the rule allows it by what has really
 * started; if late ones before it took its place, it moves as little as possible, since those after it will move too.
 * Before its time (the rule was loosened) it starts if there is room beside all who wait, or keeps its slot.
 */
export const startReserved = (given: RateWindow, slotMs: number, nowMs: number): RateSlot => {
  const window = heedSetBack(given, nowMs);
  const { limit } = window.rule;
  const now = bucketOf(window.rule, nowMs);
  const slot = bucketOf(window.rule, slotMs);
  const buckets = withAdded(recent(window, nowMs), slot, { reserved: -1 });
  if (slot > now) {
    const isFree = firstFree(buckets, { limit, from: now, leavesRoomAhead: true }) === now;
    return isFree ? started(window, buckets, nowMs) : { window, startAtMs: slotMs };
  }
  const startedCount = buckets.reduce((sum, bucket) => sum + bucket.started, 0);
  if (startedCount < limit) return started(window, buckets, nowMs);
  return reserved(window, buckets, firstFree(buckets, { limit, from: now + 1, leavesRoomAhead: false }));
};

/** A request is not made after all. @param atMs the `startAtMs` it was answered: of its start, or of its slot */
export const giveBack = (window: RateWindow, atMs: number, what: 'started' | 'reserved'): RateWindow => {
  const buckets = withAdded(window.buckets, bucketOf(window.rule, atMs), { [what]: -1 });
  return { ...window, buckets };
};

/** Counts a request that does not wait: the hourly limit. */
export const tryCount = (window: RateWindow, nowMs: number): { window: RateWindow; isAdmitted: boolean } => {
  const slot = reserve(window, nowMs);
  return slot.startAtMs === nowMs ? { window: slot.window, isAdmitted: true } : { window, isAdmitted: false };
};

/**
 * The window under the rule of the moment, which an edit may have changed. What has started is moved as late as it can
 * have been, so the new rule heeds from the first moment all that the old one still knew; a slot stays where its holder
 * knows it.
 */
export const rateWindowFor = (window: RateWindow | undefined, rule: RateRule, nowMs: number): RateWindow => {
  if (window === undefined) return emptyRateWindow(rule);
  if (window.rule.limit === rule.limit && window.rule.periodSeconds === rule.periodSeconds) return window;
  const bucketMs = bucketMsOf(window.rule);
  const buckets = recent(window, nowMs).reduce<Buckets>((sum, bucket) => {
    const startedAtMs = Math.min((bucket.at + 1) * bucketMs - 1, nowMs);
    const moved = withAdded(sum, bucketOf(rule, startedAtMs), { started: bucket.started });
    return withAdded(moved, bucketOf(rule, bucket.at * bucketMs), { reserved: bucket.reserved });
  }, []);
  return { rule, buckets, tailMs: 0 };
};

/**
 * Without the slots whose time has come: their requests are on the way, and start by what has started.
 * @returns undefined where nothing is counted: the default, not worth a record
 */
export const rateWindowToRecord = (window: RateWindow, nowMs: number): RateWindowRecord | undefined => {
  const now = bucketOf(window.rule, nowMs);
  const counted = recent(window, nowMs)
    .map((bucket) => ({ at: bucket.at, count: bucket.started + (bucket.at > now ? bucket.reserved : 0) }))
    .filter(({ count }) => count > 0);
  if (counted.length === 0) return undefined;
  return {
    bucketMs: bucketMsOf(window.rule),
    buckets: counted.map(({ at }) => at),
    counts: counted.map(({ count }) => count),
  };
};

/** Slots whose time has come since the record was written are taken for started: too strict, for a span at most. */
export const rateWindowFromRecord = (
  { bucketMs, buckets, counts }: RateWindowRecord,
  rule: RateRule,
  nowMs: number,
): RateWindow => {
  const recorded: RateRule = { limit: rule.limit, periodSeconds: (bucketMs * spanBuckets) / 1000 - extraSeconds };
  const now = bucketOf(recorded, nowMs);
  const restored = buckets.map((at, index) => {
    const count = counts[index] ?? 0;
    return at <= now ? { at, started: count, reserved: 0 } : { at, started: 0, reserved: count };
  });
  return rateWindowFor({ rule: recorded, buckets: restored, tailMs: 0 }, rule, nowMs);
};
