import { DeliveryRecord } from '@bellwire/contracts';
import { leavesTierAt, type Clock, type Tier } from '@bellwire/domain';
import { startWorker, topicNames, type Log, type Task, type Worker } from '@bellwire/messaging';
import type { Append } from '../ports.ts';
import { toDeliveries, toTier } from '../writing/records.ts';

export interface DelayDeps {
  eventLog: Log;
  tiers: readonly Tier[];
  append: Append;
  clock: Clock;
  /** Something failed and is tried again. */
  onRetry(error: unknown): void;
  /** A bug: ends the process. */
  onFailure(error: unknown): void;
}

/**
 * The delay tiers, in one group: a consumer for each would cost more in polling than in work. A tier holds each record for
 * exactly its length, or until the record is due where that is sooner; then back to deliveries if it is due, else on to the
 * tier that fits what remains. Timers only: none calls a receiver. All waits of a tier are equal, so the window of each of
 * its partitions always holds the records that are due next.
 */
export const startDelayer = async ({
  eventLog,
  tiers,
  append,
  clock,
  onRetry,
  onFailure,
}: DelayDeps): Promise<Worker> => {
  const timers = new Set<NodeJS.Timeout>();
  const tierOf = new Map(tiers.map((tier) => [topicNames.retries(tier.name), tier]));

  const leave = (task: Task<DeliveryRecord>): void => {
    const { value: delivery, record } = task;
    const nowMs = clock.now();
    const next =
      nowMs >= delivery.dueAtMs
        ? toDeliveries(delivery, record.headers)
        : toTier(tiers, delivery, nowMs, record.headers);
    append([next]).then(() => task.settle(), onFailure);
  };

  /** Timers may fire a millisecond early; nothing leaves before its time. */
  const wait = (task: Task<DeliveryRecord>): void => {
    const tier = tierOf.get(task.record.topic);
    if (!task.isCurrent() || tier === undefined) return;
    const remainingMs = leavesTierAt(tier, task.value.enqueuedAtMs, task.value.dueAtMs) - clock.now();
    if (remainingMs <= 0) return leave(task);
    const timer = setTimeout(() => {
      timers.delete(timer);
      wait(task);
    }, remainingMs);
    timers.add(timer);
  };

  const worker = await startWorker({
    log: eventLog,
    topics: [...tierOf.keys()],
    group: 'delayer',
    paceMs: 20,
    decode: (bytes) => DeliveryRecord.decode(bytes),
    handle: (tasks) => tasks.forEach(wait),
    onFailure: onRetry,
  });

  return {
    ...worker,
    // What waits here waits on the log: nothing to work off.
    drain: async () => undefined,
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await worker.close();
    },
  };
};
