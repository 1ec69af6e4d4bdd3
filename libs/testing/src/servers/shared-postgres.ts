import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbeddedPostgres, stopLeftoverPostgres } from '@bellwire/provision';

/** The one setting of the tests: a superuser's address. Given: nothing is started. */
export const databaseVariable = 'BELLWIRE_TEST_DATABASE_URL';

interface Shared {
  users: number;
  ready: Promise<void>;
  stop(): Promise<void>;
}

declare global {
  // Setup and teardown may be loaded by different loaders of one process, so module state would not do.
  var bellwireTestPostgres: Shared | undefined;
}

const prefix = 'bellwire-test-';
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Of runs that were killed: their server, then their folder. */
const sweep = async (): Promise<void> => {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : Number.NaN;
    if (!Number.isInteger(pid) || lives(pid)) continue;
    const folder = path.join(tmpdir(), name);
    await stopLeftoverPostgres(folder).catch(() => undefined);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

const start = (): Shared => {
  let close = async (): Promise<void> => undefined;
  const stop = async () => {
    for (const signal of signals) process.removeListener(signal, onSignal);
    await close();
  };
  const onSignal = (signal: NodeJS.Signals) => void stop().finally(() => process.kill(process.pid, signal));
  const open = async () => {
    await sweep();
    const dataDir = mkdtempSync(path.join(tmpdir(), `${prefix}${process.pid}-`));
    const removeFolder = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    close = async () => removeFolder();
    const postgres = await openEmbeddedPostgres({
      dataDir,
      databases: [],
      settings: { fsync: 'off', max_connections: 200 },
    });
    close = async () => {
      await postgres.close();
      removeFolder();
      Reflect.deleteProperty(process.env, databaseVariable);
    };
    process.env[databaseVariable] = postgres.superuserUrl();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return { users: 0, ready: open(), stop };
};

/** Starts the server on the first call, unless one is given; each call is matched by one of releasePostgres. */
export const usePostgres = async (): Promise<void> => {
  if (globalThis.bellwireTestPostgres === undefined && process.env[databaseVariable]) return;
  globalThis.bellwireTestPostgres ??= start();
  globalThis.bellwireTestPostgres.users += 1;
  await globalThis.bellwireTestPostgres.ready;
};

/** The last one stops the server and removes its folder. */
export const releasePostgres = async (): Promise<void> => {
  const shared = globalThis.bellwireTestPostgres;
  if (shared === undefined || --shared.users > 0) return;
  globalThis.bellwireTestPostgres = undefined;
  await shared.stop();
};
