import type { Log, LogRecord, TopicPartition } from '@bellwire/messaging';

/** Reads a partition from its beginning: resolves once every record before `end` was seen. */
export const readPartition = async (
  eventLog: Pick<Log, 'read'>,
  { topic, partition, end }: TopicPartition & { end: number },
  see: (record: LogRecord) => void,
): Promise<void> => {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const reached = (offset: number): void => {
    if (offset >= end) resolve();
  };
  const records = (batch: readonly LogRecord[]): void => {
    for (const record of batch) {
      see(record);
      reached(record.offset + 1);
    }
  };
  const reader = await eventLog.read({ topic, partition, fromOffset: 0, records, reached });
  await done;
  await reader.close();
};
