import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openLocalKafka } from '@bellwire/provision';

/** A broker of a run's own, on one port and one folder however often it is killed. */
export interface KillableKafka {
  brokers: string;
  /** With SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** Resolves when it serves. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export const openKillableKafka = async (): Promise<KillableKafka> => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bellwire-kafka-'));
  let kafka = await openLocalKafka({ dataDir });
  const { port, brokers } = kafka;
  return {
    brokers: brokers.join(','),
    kill: async () => {
      process.kill(kafka.pid, 'SIGKILL');
      await kafka.ended;
    },
    start: async () => {
      kafka = await openLocalKafka({ dataDir, port });
    },
    close: async () => {
      await kafka.close();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
