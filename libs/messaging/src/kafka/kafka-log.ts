import { Fault } from '@bellwire/errors';
import type { DroppedRecords } from '../dropped-records.ts';
import type { Log } from '../log.ts';
import { openAsking, type Asking } from './asking.ts';
import { clientMaker, clusterOf, type ConnectionOptions, type NewClient } from './client.ts';
import { missingTopic, toLogFault } from './faults.ts';
import { namesWith } from './names.ts';
import { openMember } from './member.ts';
import { nothingYet, ownedCommits, withoutOwner } from './owned-commits.ts';
import { openReader } from './reader.ts';
import type { SessionTimes } from './session.ts';
import { checkTopics } from './topic-check.ts';
import { openWriter, type Writer } from './writer.ts';

export interface KafkaLogOptions extends Omit<ConnectionOptions, 'onError'> {
  /** In front of the names of topics and groups: for several installations on one Kafka. @default none */
  prefix?: string;
  /** Of topics that are made. From 3 on, an acknowledged record is on two brokers at least. @default the brokers' own */
  replicationFactor?: number;
  /** How long a member is missed before its partitions move, in milliseconds. @default 10000 */
  sessionTimeoutMs?: number;
  /** How long produce and endOffsets try before they reject, in milliseconds. @default 5000 */
  produceTimeoutMs?: number;
  /** Something failed in the background and is tried again; a text at most once in ten seconds. @default ignored */
  onError?: (error: unknown) => void;
  /** Records were dropped that a group had not read: past their retention. @default ignored */
  onDropped?: (dropped: DroppedRecords) => void;
}

const fetchWaitMs = 100;
const heartbeatIntervalMs = 500;
const sessionRetries = 30;

const timesOf = (sessionTimeoutMs: number): SessionTimes => ({
  sessionTimeoutMs,
  heartbeatIntervalMs: Math.min(heartbeatIntervalMs, Math.floor(sessionTimeoutMs / 4)),
  rebalanceTimeoutMs: sessionTimeoutMs,
  maxWaitMs: fetchWaitMs,
  retries: sessionRetries,
});

/** For questions and writes: ends within some seconds whatever happens. */
const briskClient = (newClient: NewClient, limitMs: number) =>
  newClient({ requestTimeoutMs: Math.ceil(limitMs * 0.8), retries: 4, maxRetryMs: 500 });

const topicsOf =
  (newClient: NewClient, nameInKafka: (topic: string) => string, replicationFactor: number): Log['topics'] =>
  async (specs) => {
    const admin = newClient({ requestTimeoutMs: 30_000, retries: 5, maxRetryMs: 1000 }).admin();
    try {
      await admin.connect();
      await checkTopics(admin, specs, { nameInKafka, replicationFactor });
    } catch (error) {
      throw error instanceof Error && error.name === 'Error' ? error : toLogFault(error);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  };

/** @throws Fault LOG_UNAVAILABLE, with both closed */
const connect = async (writer: Writer, asking: Asking): Promise<void> => {
  try {
    await writer.connect();
  } catch (error) {
    await Promise.all([writer.close(), asking.close()]);
    throw toLogFault(error);
  }
};

/**
 * The log on Kafka. Rejects with a Fault LOG_UNAVAILABLE where no broker can be reached. Afterwards a broker that goes away
 * fails every produce within `produceTimeoutMs`, and everything goes on by itself when it is back.
 */
export const openKafkaLog = async (options: KafkaLogOptions): Promise<Log> => {
  const { prefix = '', replicationFactor = -1, sessionTimeoutMs = 10_000, produceTimeoutMs = 5000 } = options;
  const { onError = () => undefined, onDropped = () => undefined } = options;
  const newClient = clientMaker({ ...options, onError });
  const brisk = briskClient(newClient, produceTimeoutMs);
  const names = namesWith(prefix);
  const asking = openAsking(clusterOf(brisk));
  const partitions = (topic: string): Promise<number> => asking.partitions(names.inKafka(topic));
  const writer = openWriter({
    client: brisk,
    partitions,
    nameInKafka: names.inKafka,
    limitMs: produceTimeoutMs,
  });
  const open = new Set<{ close(): Promise<void> }>();
  let closing: Promise<void> | undefined;
  const refuseWhenClosing = (): void => {
    if (closing !== undefined) throw new Fault('STOPPING', 'The log is closing.');
  };
  const closeAll = async (): Promise<void> => {
    await writer.close();
    await Promise.all([...open].map((part) => part.close()));
    await asking.close();
  };
  const readerClient = () => newClient({ requestTimeoutMs: 10_000, retries: 5, maxRetryMs: 1000 });
  // Of its connections too: where these give up, kafkajs ends the whole consumer.
  const memberClient = () => newClient({ requestTimeoutMs: 10_000, retries: sessionRetries, maxRetryMs: 1000 });

  await connect(writer, asking);
  const makeTopics = topicsOf(newClient, names.inKafka, replicationFactor);

  return {
    async topics(specs) {
      refuseWhenClosing();
      await makeTopics(specs);
    },
    async produce(records) {
      refuseWhenClosing();
      return writer.write(records);
    },
    async consume(consume) {
      refuseWhenClosing();
      const member = await openMember({
        consume,
        newClient: memberClient,
        asking,
        times: timesOf(sessionTimeoutMs),
        names,
        onDropped,
        onError,
        onClosed: () => open.delete(member),
      });
      open.add(member);
      return member;
    },
    async read(read) {
      refuseWhenClosing();
      if (read.partition >= (await partitions(read.topic))) throw missingTopic(`${read.topic}/${read.partition}`);
      const reader = openReader({
        ...read,
        cluster: clusterOf(readerClient()),
        nameInKafka: names.inKafka(read.topic),
        start: async () => (await asking.starts(names.inKafka(read.topic)))[read.partition] ?? 0,
        end: async () => (await asking.ends(names.inKafka(read.topic)))[read.partition] ?? 0,
        onError,
        onClosed: () => open.delete(reader),
      });
      open.add(reader);
      return reader;
    },
    async endOffsets(topic) {
      refuseWhenClosing();
      return asking.ends(names.inKafka(topic));
    },
    async commits(group, topics) {
      refuseWhenClosing();
      const all = await ownedCommits({ asking, names }, group, topics);
      return all.filter(({ metadata }) => metadata !== nothingYet).map(withoutOwner);
    },
    close: () => (closing ??= closeAll()),
  };
};
