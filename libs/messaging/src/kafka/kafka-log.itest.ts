import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { describeLog } from '../conformance/describe-log.ts';
import type { Log } from '../log.ts';
import { openKafkaLog, type KafkaLogOptions } from './kafka-log.ts';
import { testBrokers } from './test-brokers.ts';

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
    const options = { brokers: testBrokers(), clientId: 'conformance', prefix, sessionTimeoutMs: 2000 };
    const open = () => openKafkaLog(options);
    return { open, openAnother: open, openMortal: () => openMortal(options), dispose: async () => undefined };
  },
  { groups: true },
);
