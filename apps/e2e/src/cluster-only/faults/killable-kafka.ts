import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openLocalKafka } from '@bellwire/provision';

/** A broker of a run's own, on one port and one folder however often it ends. */
export interface KillableKafka {
  brokers: string;
  /** With SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** In order; resolves when it has ended. */
  stop(): Promise<void>;
  /** It has ended, whoever ended it. */
  hasEnded(): boolean;
  /** Resolves when it serves. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** @param dataDir removed at the end. @default a temporary one */
export const openKillableKafka = async (
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'bellwire-kafka-')),
): Promise<KillableKafka> => {
  let hasEnded = true;
  const open = async (port?: number) => {
    const opened = await openLocalKafka({ dataDir, port });
    hasEnded = false;
    void opened.ended.then(() => (hasEnded = true));
    return opened;
  };
  let kafka = await open();
  const { port, brokers } = kafka;
  return {
    brokers: brokers.join(','),
    kill: async () => {
      process.kill(kafka.pid, 'SIGKILL');
      await kafka.ended;
    },
    stop: () => kafka.close(),
    hasEnded: () => hasEnded,
    start: async () => {
      kafka = await open(port);
    },
    close: async () => {
      await kafka.close();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
