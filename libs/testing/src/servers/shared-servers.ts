import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openKafka, openPostgres, stopLeftoverKafka, stopLeftoverPostgres } from '@bellwire/provision';

/** A superuser's address. Given: no Postgres is started. */
export const databaseVariable = 'BELLWIRE_TEST_DATABASE_URL';

/** Bootstrap addresses, separated by commas. Given: no Kafka is started. */
export const brokersVariable = 'BELLWIRE_TEST_KAFKA_BROKERS';

interface Shared {
  users: number;
  ready: Promise<void>;
  stop(): Promise<void>;
}

declare global {
  // Setup and teardown may be loaded by different loaders of one process, so module state would not do.
  var bellwireTestServers: Shared | undefined;
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

/** Of runs that were killed: their servers, then their folder. */
const sweep = async (): Promise<void> => {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split('-')[0]) : Number.NaN;
    if (!Number.isInteger(pid) || lives(pid)) continue;
    const folder = path.join(tmpdir(), name);
    await Promise.allSettled([stopLeftoverPostgres(folder), stopLeftoverKafka(folder)]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

const say = (sentence: string): void => console.log(sentence);

/** A server whose address is in a variable while it runs. */
interface Held {
  close(): Promise<void>;
}

const holdPostgres = async (dataDir: string): Promise<Held> => {
  const given = process.env[databaseVariable];
  const postgres = await openPostgres({
    givenUrl: given,
    variable: databaseVariable,
    dataDir,
    databases: [],
    settings: { fsync: 'off', max_connections: 200 },
    log: say,
  });
  process.env[databaseVariable] = postgres.superuserUrl();
  return {
    async close() {
      if (given === undefined) Reflect.deleteProperty(process.env, databaseVariable);
      await postgres.close();
    },
  };
};

const holdKafka = async (dataDir: string): Promise<Held> => {
  const given = process.env[brokersVariable];
  const kafka = await openKafka({
    givenBrokers: given?.split(',').map((each) => each.trim()) ?? [],
    variable: brokersVariable,
    dataDir,
    log: say,
  });
  process.env[brokersVariable] = kafka.brokers.join(',');
  return {
    async close() {
      if (given === undefined) Reflect.deleteProperty(process.env, brokersVariable);
      await kafka.close();
    },
  };
};

const start = (): Shared => {
  const held: Held[] = [];
  const dataDir = mkdtempSync(path.join(tmpdir(), `${prefix}${process.pid}-`));
  const keep = async (opening: Promise<Held>): Promise<void> => void held.push(await opening);
  const open = async (): Promise<void> => {
    await sweep();
    const results = await Promise.allSettled([keep(holdPostgres(dataDir)), keep(holdKafka(dataDir))]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  };
  const stop = async (): Promise<void> => {
    for (const signal of signals) process.removeListener(signal, onSignal);
    await ready.catch(() => undefined);
    await Promise.all(held.splice(0).map((server) => server.close()));
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  };
  const onSignal = (signal: NodeJS.Signals) => void stop().finally(() => process.kill(process.pid, signal));
  for (const signal of signals) process.on(signal, onSignal);
  const ready = open().catch(async (error: unknown) => {
    // Jest runs no teardown after a setup that failed.
    await Promise.all(held.splice(0).map((server) => server.close()));
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  });
  return { users: 0, ready, stop };
};

/** Starts Postgres and Kafka on the first call, unless they are given; each call is matched by one of releaseServers. */
export const useServers = async (): Promise<void> => {
  globalThis.bellwireTestServers ??= start();
  globalThis.bellwireTestServers.users += 1;
  await globalThis.bellwireTestServers.ready;
};

/** The last one stops the servers and removes their folder. */
export const releaseServers = async (): Promise<void> => {
  const shared = globalThis.bellwireTestServers;
  if (shared === undefined || --shared.users > 0) return;
  globalThis.bellwireTestServers = undefined;
  await shared.stop();
};
