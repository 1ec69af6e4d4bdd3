import { DeliveryRecord } from '@bellwire/contracts';
import { leavesTierAt, timerMs, type Clock, type Stopwatch, type Tier } from '@bellwire/domain';
import { eachTask, groupNames, startWorker, topicNames, type Log, type Task, type Worker } from '@bellwire/messaging';
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
 * The delay tiers, in one group: a consumer for each would cost more in polling than in work. A tier holds each record for
 * exactly its length, or until the record is due where that is sooner; then back to deliveries if it is due, else on to the
 * tier that fits what remains. Timers only: none calls a receiver. All waits of a tier are equal, so the window of each of
 * its partitions always holds the records that are due next.
 *
 * When a record is due is told by the clock on the wall; how long it waits here is bounded by a stopwatch too: never longer
 * than the tier, counted from when it was fetched. So a clock that is set back, or differs from that of the process which
 * wrote the record, keeps nothing waiting.
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
  const waiting = new Map<Task<DeliveryRecord>, NodeJS.Timeout>();
  let worker: Worker | undefined;
  const tierOf = new Map(tiers.map((tier) => [topicNames.retries(tier.name), tier]));

  const leave = (task: Task<DeliveryRecord>, leavesAtMs: number): void => {
    const { record } = task;
    const nowMs = clock.now();
    const delivery = asOfNow(task.value, leavesAtMs - nowMs);
    const next =
      nowMs >= delivery.dueAtMs
        ? toDeliveries(delivery, record.headers)
        : toTier(tiers, delivery, nowMs, record.headers);
    append([next]).then(() => task.settle(), task.fail);
  };

  /** Timers may fire a millisecond early; nothing leaves before its time. */
  const wait = (task: Task<DeliveryRecord>, fetchedAtMs: number): void => {
    const tier = tierOf.get(task.record.topic);
    if (!task.isCurrent() || tier === undefined) return task.release();
    const leavesAtMs = leavesTierAt(tier, task.value.enqueuedAtMs, task.value.dueAtMs);
    const longestMs = fetchedAtMs + tier.delayMs - stopwatch.now();
    const isHeard = worker?.isHeard() ?? true;
    const remainingMs = Math.max(Math.min(leavesAtMs - clock.now(), longestMs), isHeard ? 0 : unheardMs);
    if (remainingMs <= 0) return leave(task, leavesAtMs);
    const timer = setTimeout(() => {
      waiting.delete(task);
      takeEach([task], fetchedAtMs);
    }, timerMs(remainingMs));
    waiting.set(task, timer);
  };

  const takeEach = (tasks: readonly Task<DeliveryRecord>[], fetchedAtMs: number): void =>
    eachTask<DeliveryRecord>((task) => wait(task, fetchedAtMs))(tasks);

  /** What waits here waits on the log. */
  const letGo = (): void => {
    for (const [task, timer] of waiting) {
      if (task.isCurrent()) continue;
      clearTimeout(timer);
      waiting.delete(task);
      task.release();
    }
  };

  worker = await startWorker({
    log: eventLog,
    topics: [...tierOf.keys()],
    group: groupNames.delayer,
    paceMs: 20,
    decode: (bytes) => DeliveryRecord.decode(bytes),
    handle: (tasks) => takeEach(tasks, stopwatch.now()),
    letGo,
    // Records wait here by design, and next to nothing is done with them.
    findsCrashes: false,
    ...care,
    onFailure: onRetry,
  });
  return worker;
};
