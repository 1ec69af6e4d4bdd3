import type { Logger } from '@bellwire/lifecycle';
import type { DroppedRecords } from '@bellwire/messaging';

/** Says loudly what the log has dropped before a group had committed it, and counts it: work that is lost. */
export const makeTellDropped = (log: Logger) => {
  let total = 0;
  return ({ group, topic, partition, from, to, count }: DroppedRecords): void => {
    total += count;
    log.error({ group, topic, partition, from, to, count, total }, 'log.records_dropped');
  };
};
