import { DeliveryRecord } from '@bellwire/contracts';
import { openKafkaLog, topicNames, type Log, type LogRecord } from '@bellwire/messaging';
import kafkajs from 'kafkajs';
import type { Target } from '../../target/start-target.ts';

/** Topics on which a delivery waits, and the group that takes it there. */
const groupOf = (topic: string): string | undefined => {
  if (topic === topicNames.events) return 'router';
  if (topic === topicNames.deliveries) return 'deliverer';
  return topic.startsWith('retries.') ? 'delayer' : undefined;
};

const readPartition = async (log: Log, topic: string, partition: number, endOffset: number): Promise<LogRecord[]> => {
  const found: LogRecord[] = [];
  if (endOffset === 0) return found;
  let done: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (done = resolve));
  const reader = await log.read({
    topic,
    partition,
    fromOffset: 0,
    records: (batch) => void found.push(...batch),
    reached: (offset) => {
      if (offset >= endOffset) done();
    },
  });
  await reached;
  await reader.close();
  return found;
};

const wordsOf = ({ topic, partition, offset, timestampMs, value }: LogRecord, committed: string): string => {
  const place = `${topic}[${partition}]@${offset} at ${timestampMs}, committed ${committed}`;
  if (value === null || groupOf(topic) === undefined || topic === topicNames.events) return place;
  const { attempt, spills, waitReason, dueAtMs, cancel } = DeliveryRecord.decode(value);
  return `${place}: attempt ${attempt}, spills ${spills}, ${waitReason || 'no'} wait, due ${dueAtMs}${cancel ? ', cancel' : ''}`;
};

const holds = (record: LogRecord, ids: readonly string[]): boolean =>
  ids.some((id) => record.key === id || (record.value !== null && Buffer.from(record.value).includes(id)));

/**
 * All records of the log that name one of the ids, in sentences, each with how far the group that takes them has committed: a
 * delivery that is nowhere beyond that was settled without a next state.
 */
export const logOf = async (cluster: Target, ids: readonly string[]): Promise<readonly string[]> => {
  const brokers = (cluster.env['BELLWIRE_KAFKA_BROKERS'] ?? '').split(',');
  const prefix = cluster.env['BELLWIRE_TOPIC_PREFIX'] ?? '';
  const log = await openKafkaLog({ brokers, clientId: 'log-of', prefix, onError: () => undefined });
  const admin = new kafkajs.Kafka({ brokers, clientId: 'log-of', logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics())
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length))
      .filter((name) => groupOf(name) !== undefined || name === topicNames.audit || name === topicNames.deadLetters);
    const said: string[] = [];
    for (const topic of topics.toSorted()) {
      const group = groupOf(topic);
      const [committed] =
        group === undefined
          ? []
          : await admin.fetchOffsets({ groupId: `${prefix}${group}`, topics: [`${prefix}${topic}`] });
      for (const [partition, end] of (await log.endOffsets(topic)).entries()) {
        const at = committed?.partitions.find((each) => each.partition === partition);
        const records = await readPartition(log, topic, partition, end);
        said.push(
          ...records.filter((record) => holds(record, ids)).map((found) => wordsOf(found, at?.offset ?? 'by nobody')),
        );
      }
    }
    return said;
  } finally {
    await admin.disconnect();
    await log.close();
  }
};
