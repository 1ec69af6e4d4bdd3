import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import kafkajs, { type Admin } from 'kafkajs';
import { describeLog } from '../conformance/describe-log.ts';
import type { DroppedRecords } from '../dropped-records.ts';
import type { Log } from '../log.ts';
import { openKafkaLog, type KafkaLogOptions } from './kafka-log.ts';
import { testBrokers } from './test-brokers.ts';

const withAdmin = async (work: (admin: Admin) => Promise<void>): Promise<void> => {
  const admin = new kafkajs.Kafka({ brokers: [...testBrokers()], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
};

/** A log whose connections are cut at once and cannot be made again: to the group its member is dead. */
const openMortal = async (options: KafkaLogOptions): Promise<{ log: Log; kill(): Promise<void> }> => {
  const sockets = new Set<Socket>();
  let isDead = false;
  const log = await openKafkaLog({
    ...options,
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      if (isDead) socket.destroy(new Error('dead'));
      sockets.add(socket);
      return socket;
    },
  });
  const kill = async (): Promise<void> => {
    isDead = true;
    for (const socket of sockets) socket.destroy(new Error('killed'));
    void log.close();
  };
  return { log, kill };
};

describeLog(
  'kafka',
  async () => {
    const prefix = `t${randomBytes(6).toString('hex')}.`;
    const dropped: DroppedRecords[] = [];
    const onDropped = (each: DroppedRecords): void => void dropped.push(each);
    const options = { brokers: testBrokers(), clientId: 'conformance', prefix, sessionTimeoutMs: 2000, onDropped };
    const open = () => openKafkaLog(options);
    return {
      open,
      openAnother: open,
      openMortal: () => openMortal(options),
      dropped,
      dropBelow: ({ topic, partition, offset }) =>
        withAdmin(async (admin) => {
          const named = { topic: `${prefix}${topic}`, partitions: [{ partition, offset: `${offset}` }] };
          // kafkajs deletes nothing of a topic that it has not asked about.
          await admin.fetchTopicOffsets(named.topic);
          await admin.deleteTopicRecords(named);
        }),
      dispose: async () => undefined,
    };
  },
  { groups: true },
);
