import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openEmbeddedPostgres } from '@bellwire/provision';
import { openForwarder } from './forwarder.ts';

/** A Postgres of a run's own, at one address and on one folder however often it is stopped. */
export interface StoppablePostgres {
  url: string;
  /** Ends all sessions and the server. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** The server has ended, whoever ended it. */
  hasEnded(): boolean;
  close(): Promise<void>;
}

const database = 'bellwire';

/** @param dataDir removed at the end. @default a temporary one */
export const openStoppablePostgres = async (
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'bellwire-postgres-')),
): Promise<StoppablePostgres> => {
  let hasEnded = true;
  const open = async () => {
    const opened = await openEmbeddedPostgres({ dataDir, databases: [database], settings: { max_connections: 200 } });
    hasEnded = false;
    void opened.ended.then(() => (hasEnded = true));
    return opened;
  };
  let postgres = await open();
  const portOf = (): number => Number(new URL(postgres.url(database)).port);
  const forwarder = await openForwarder(portOf());
  const url = Object.assign(new URL(postgres.url(database)), { port: String(forwarder.port) }).href;
  const stop = async (): Promise<void> => {
    await forwarder.shut();
    await postgres.close();
  };
  return {
    url,
    stop,
    hasEnded: () => hasEnded,
    start: async () => {
      postgres = await open();
      await forwarder.open(portOf());
    },
    close: async () => {
      await stop();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
