import type { Clock } from '@bellwire/domain';
import type { Logger } from '@bellwire/lifecycle';
import { dayOf } from '../days.ts';
import type { Partitions } from '../store/partitions.ts';

export interface MaintainPartitionsDeps {
  partitions: Partitions;
  /** Deletes rows that are of no day. */
  dropUnreadableBefore(timeMs: number): Promise<void>;
  clock: Clock;
  /** By it retention is over. */
  expiryClock: Clock;
  retentionMs: number;
  log: Logger;
}

const daysBehind = 1;
const daysAhead = 2;

/** Makes the partitions from yesterday to the day after tomorrow, and drops those that lie past the retention wholly. */
export const makeMaintainPartitions =
  ({ partitions, dropUnreadableBefore, clock, expiryClock, retentionMs, log }: MaintainPartitionsDeps) =>
  async (): Promise<void> => {
    const today = dayOf(clock.now());
    const oldestMs = expiryClock.now() - retentionMs;
    const oldest = dayOf(oldestMs);
    const days = Array.from({ length: daysBehind + 1 + daysAhead }, (_, at) => today - daysBehind + at);
    await partitions.ensure(days.filter((day) => day >= oldest));
    const dropped = await partitions.dropBefore(oldest);
    if (dropped.length > 0) log.info({ partitions: dropped }, 'audit.partitions_dropped');
    await dropUnreadableBefore(oldestMs);
  };

/** Runs a task again and again; one run at a time, and a failure is logged and mended by the next. */
export const every = (intervalMs: number, task: () => Promise<void>, onFailure: (error: unknown) => void) => {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= task()
      .catch(onFailure)
      .finally(() => {
        running = undefined;
      });
  }, intervalMs);
  return {
    async close(): Promise<void> {
      clearInterval(timer);
      await running;
    },
  };
};
