import { metrics } from '@opentelemetry/api';
import type { Logger } from '@bellwire/lifecycle';

/**
 * Why a record is dropped as stale: the attempt that it asks for was made and its next step is on the log, a later round has
 * begun, its round was cancelled, it repeats a delivery that is worked on, or an event that is routed.
 */
export const dropReasons = ['attempt_made', 'older_round', 'cancelled', 'repeat', 'repeated_event'] as const;

export type DropReason = (typeof dropReasons)[number];

/** Counts the records that are settled without an effect: a delivery that is lost was dropped by somebody, and here is by whom. */
export interface DroppedRecords {
  count(reason: DropReason): void;
  /** Logs what was counted since the last line. */
  close(): void;
}

export interface DroppedRecordsOptions {
  log: Logger;
  /** How often a line is logged, where there is something to say, in milliseconds. @default a minute */
  lineIntervalMs?: number;
}

/**
 * Of one process: the metric bellwire_records_dropped_total by reason, and a line `records.dropped_as_stale` a minute with
 * the counts of that minute. A metrics SDK must be registered before, or the metric is none.
 */
export const openDroppedRecords = ({ log, lineIntervalMs = 60_000 }: DroppedRecordsOptions): DroppedRecords => {
  const total = metrics.getMeter('bellwire').createCounter('bellwire_records_dropped_total', {
    description: 'Records of deliveries that were settled without an effect, by reason',
  });
  const counts = new Map<DropReason, number>();

  const say = (): void => {
    if (counts.size === 0) return;
    log.info(Object.fromEntries(counts), 'records.dropped_as_stale');
    counts.clear();
  };
  const timer = setInterval(say, lineIntervalMs);
  timer.unref();

  return {
    count(reason) {
      total.add(1, { reason });
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    },
    close() {
      clearInterval(timer);
      say();
    },
  };
};
