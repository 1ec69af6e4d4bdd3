import type { Logger } from '@bellwire/lifecycle';
import type { PutAside } from '@bellwire/messaging';

/** Says of a record that it is in dead-letters now, and why: somebody should look at it (docs/dead-letters.md). */
export const logPutAside =
  (log: Logger) =>
  ({ record, kind, error, failures, group }: PutAside): void => {
    const { topic, partition, offset } = record;
    log.error({ topic, partition, offset, consumer_group: group, kind, failures, err: error }, 'record.put_aside');
  };
