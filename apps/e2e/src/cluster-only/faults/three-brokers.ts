import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openLocalKafka, planKafkaNodes } from '@bellwire/provision';

/** Three brokers of a run's own, each with a replica of everything. */
export interface ThreeBrokers {
  brokers: string;
  kafkas: readonly { kill(): Promise<void>; start(): Promise<void> }[];
  close(): Promise<void>;
}

const count = 3;
/** They share two cores with all the rest. */
const heapMb = 256;

export const openThreeBrokers = async (): Promise<ThreeBrokers> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwire-brokers-'));
  const nodes = await planKafkaNodes(count);
  const opened = await Promise.all(
    nodes.map(async (node) => {
      const dataDir = path.join(folder, String(node.id));
      let kafka = await openLocalKafka({ dataDir, heapMb, node });
      const { port, brokers } = kafka;
      return {
        brokers,
        kill: async () => {
          process.kill(kafka.pid, 'SIGKILL');
          await kafka.ended;
        },
        start: async () => {
          kafka = await openLocalKafka({ dataDir, heapMb, node, port });
        },
        close: () => kafka.close(),
      };
    }),
  );
  return {
    brokers: opened.flatMap(({ brokers }) => brokers).join(','),
    kafkas: opened,
    close: async () => {
      await Promise.all(opened.map(({ close }) => close()));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
