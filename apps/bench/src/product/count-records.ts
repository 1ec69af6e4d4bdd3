import { readSettings } from '@bellwire/config';
import { DeliveryRecord } from '@bellwire/contracts';
import { topicNames, type Log, type LogRecord } from '@bellwire/messaging';

/** Topics whose records belong to one endpoint. Those of audit are written in batches for many, and not counted. */
const deliveryTopics = (): string[] => [
  topicNames.deliveries,
  ...readSettings({}).BELLWIRE_RETRY_TIERS.map(({ name }) => topicNames.retries(name)),
  topicNames.deadLetters,
];

/** The key of a record in a tier is its delivery's. */
const endpointOf = ({ topic, key, value }: LogRecord): string =>
  topic.startsWith(topicNames.retries('')) && value !== null ? DeliveryRecord.decode(value).endpointId : key;

const readToEnd = async (log: Log, topic: string, onRecord: (record: LogRecord) => void): Promise<void> => {
  const ends = await log.endOffsets(topic);
  const readPartition = async (end: number, partition: number): Promise<void> => {
    if (end === 0) return;
    let isDone: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (isDone = resolve));
    const reader = await log.read({
      topic,
      partition,
      fromOffset: 0,
      records: (batch) => {
        for (const record of batch) {
          onRecord(record);
          if (record.offset === end - 1) isDone();
        }
      },
    });
    await done;
    await reader.close();
  };
  await Promise.all(ends.map(readPartition));
};

/** Records about deliveries that the log has of each endpoint: how often each was handed on. */
export const countRecords = async (log: Log): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>();
  const count = (record: LogRecord): void => {
    const endpointId = endpointOf(record);
    counts.set(endpointId, (counts.get(endpointId) ?? 0) + 1);
  };
  for (const topic of deliveryTopics()) await readToEnd(log, topic, count);
  return counts;
};
