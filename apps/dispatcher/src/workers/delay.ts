import { DeliveryRecord } from '@bellwire/contracts';
import { leavesTierAt, timerMs, type Clock, type Stopwatch, type Tier } from '@bellwire/domain';
import {
  eachTask,
  groupNames,
  startWorker,
  topicNames,
  type Log,
  type NewRecord,
  type Task,
  type Worker,
} from '@bellwire/messaging';
import type { WorkerCare } from '../dispatcher-deps.ts';
import type { Append } from '../ports.ts';
import { toDeliveries, toTier } from '../writing/records.ts';

export interface DelayDeps {
  eventLog: Log;
  tiers: readonly Tier[];
  append: Append;
  clock: Clock;
  stopwatch: Stopwatch;
  /** Something failed and is tried again. */
  onRetry(error: unknown): void;
  care: WorkerCare;
}

/** Its moments as the clock would have named them, if it had been set before it went in. */
const asOfNow = (delivery: DeliveryRecord, setBackByMs: number): DeliveryRecord => {
  if (setBackByMs <= 0) return delivery;
  const { dueAtMs, slotAtMs } = delivery;
  return { ...delivery, dueAtMs: dueAtMs - setBackByMs, slotAtMs: slotAtMs > 0 ? slotAtMs - setBackByMs : 0 };
};

/** While our partitions may be another's nothing leaves: it is asked again so often. */
const unheardMs = 100;

/**
 * Of each partition of each tier, and of all together. All waits of a tier are equal, but for those of its shortest and for
 * guesses (`roughTierFor`, late by less than 15 s): what is behind a full window is due after what is in it.
 */
const tiersWindow = { records: 500, bytes: 1024 * 1024, totalBytes: 48 * 1024 * 1024 };

/** What is kept of a record while it waits: its bytes, once, and when it goes on. */
interface Waiting extends Pick<Task<unknown>, 'settle' | 'fail' | 'release' | 'isCurrent'> {
  bytes: Uint8Array;
  headers: Readonly<Record<string, string>>;
  endpointId: string;
  dueAtMs: number;
  leavesAtMs: number;
  /** By the stopwatch. */
  latestAtMs: number;
  /** What is left of its hold when it leaves; undefined: it is not held, and leaves when it is due by the clock. */
  holdLeftMs: number | undefined;
}

const decode = (bytes: Uint8Array) => {
  const { endpointId, enqueuedAtMs, dueAtMs, holdMs } = DeliveryRecord.decode(bytes);
  return { bytes, endpointId, enqueuedAtMs, dueAtMs, holdMs };
};

/** What follows when a record leaves its tier: back to deliveries, or on to another tier. */
const makeOnwards = ({ tiers, clock }: Pick<DelayDeps, 'tiers' | 'clock'>): ((one: Waiting) => NewRecord) => {
  const asItIs = ({ endpointId, bytes, headers }: Waiting): NewRecord => ({
    topic: topicNames.deliveries,
    key: endpointId,
    value: bytes,
    headers,
  });

  const afterHold = (one: Waiting, leftMs: number): NewRecord => {
    if (leftMs <= 0) return asItIs(one);
    const nowMs = clock.now();
    const delivery = { ...DeliveryRecord.decode(one.bytes), holdMs: leftMs, dueAtMs: nowMs + leftMs };
    return toTier(tiers, delivery, nowMs, one.headers);
  };

  const whenDue = (one: Waiting): NewRecord => {
    const { bytes, headers, leavesAtMs, dueAtMs } = one;
    const nowMs = clock.now();
    const setBackByMs = Math.max(0, leavesAtMs - nowMs);
    const moved = () => asOfNow(DeliveryRecord.decode(bytes), setBackByMs);
    if (nowMs < dueAtMs - setBackByMs) return toTier(tiers, moved(), nowMs, headers);
    return setBackByMs > 0 ? toDeliveries(moved(), headers) : asItIs(one);
  };

  return (one) => (one.holdLeftMs === undefined ? whenDue(one) : afterHold(one, one.holdLeftMs));
};

/**
 * The delay tiers, in one group: a consumer for each would cost more in polling than in work. A tier holds each record for
 * exactly its length, or until the record is due where that is sooner; then back to deliveries if it is due, else on to the
 * tier that fits what remains. Timers only: none calls a receiver.
 *
 * When a record is due is told by the clock on the wall; how long it waits here is bounded by a stopwatch too: never longer
 * than the tier, counted from when it was fetched. So a clock that is set back, or differs from that of the process which
 * wrote the record, keeps nothing waiting. A record that another tier has let go too early, by the clock of who wrote it, is
 * held by the stopwatch alone: else it would go to and fro until both clocks agree that it is due.
 */
export const startDelayer = async ({
  eventLog,
  tiers,
  append,
  clock,
  stopwatch,
  onRetry,
  care,
}: DelayDeps): Promise<Worker> => {
  const waiting = new Map<Waiting, NodeJS.Timeout>();
  let worker: Worker | undefined;
  const tierOf = new Map(tiers.map((tier) => [topicNames.retries(tier.name), tier]));

  const onwards = makeOnwards({ tiers, clock });

  const leave = (one: Waiting): void => {
    const { settle, fail } = one;
    append([onwards(one)]).then(() => settle(), fail);
  };

  /** Timers may fire a millisecond early; nothing leaves before its time. */
  const wait = (one: Waiting): void => {
    if (!one.isCurrent()) return one.release();
    const longestMs = one.latestAtMs - stopwatch.now();
    const leavesInMs = one.holdLeftMs === undefined ? one.leavesAtMs - clock.now() : longestMs;
    const isHeard = worker?.isHeard() ?? true;
    const remainingMs = Math.max(Math.min(leavesInMs, longestMs), isHeard ? 0 : unheardMs);
    if (remainingMs <= 0) return leave(one);
    const timer = setTimeout(() => {
      waiting.delete(one);
      goOn(one);
    }, timerMs(remainingMs));
    waiting.set(one, timer);
  };

  const goOn = (one: Waiting): void => {
    try {
      wait(one);
    } catch (error) {
      one.fail(error);
    }
  };

  const take = ({ value, record, settle, fail, release, isCurrent }: Task<ReturnType<typeof decode>>): void => {
    const { bytes, endpointId, enqueuedAtMs, dueAtMs, holdMs } = value;
    const tier = tierOf.get(record.topic);
    if (tier === undefined) return release();
    const leavesAtMs = leavesTierAt(tier, enqueuedAtMs, dueAtMs);
    const isHeld = holdMs > 0;
    const latestAtMs = stopwatch.now() + (isHeld ? Math.min(holdMs, tier.delayMs) : tier.delayMs);
    const holdLeftMs = isHeld ? holdMs - tier.delayMs : undefined;
    const { headers } = record;
    wait({ bytes, headers, endpointId, dueAtMs, leavesAtMs, latestAtMs, holdLeftMs, settle, fail, release, isCurrent });
  };

  /** What waits here waits on the log. */
  const letGo = (): void => {
    for (const [one, timer] of waiting) {
      if (one.isCurrent()) continue;
      clearTimeout(timer);
      waiting.delete(one);
      one.release();
    }
  };

  worker = await startWorker({
    log: eventLog,
    topics: [...tierOf.keys()],
    group: groupNames.delayer,
    paceMs: 20,
    window: tiersWindow,
    decode,
    handle: eachTask(take),
    letGo,
    recordsWait: true,
    ...care,
    onFailure: onRetry,
  });
  return worker;
};
