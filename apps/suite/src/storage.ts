import type { Settings } from '@bellwire/config';
import { toFault } from '@bellwire/errors';
import type { Logger, Scope } from '@bellwire/lifecycle';
import { openEmbeddedLog, topicSpecs, type Log } from '@bellwire/messaging';
import { makeTellDropped, topicsFrom } from '@bellwire/service';
import { choosePostgres, embeddedPostgresProblem, openEmbeddedPostgres } from '@bellwire/provision';

export interface Storage {
  /** Of the services' tables. */
  databaseUrl: string;
  eventLog: Log;
}

export interface StorageOptions {
  log: Logger;
  settings: Settings;
  /** Told when the embedded Postgres has ended by itself. */
  onFailure(error: unknown): void;
}

/** One server holds both: the services' tables and, apart from them, the log. */
const databases = { tables: 'bellwire', log: 'bellwire_log' };

const openDatabases = async (
  scope: Scope,
  { log, settings, onFailure }: StorageOptions,
): Promise<{ tables: string; log: string }> => {
  const source = choosePostgres({
    givenUrl: settings.BELLWIRE_DATABASE_URL,
    embeddedProblem: embeddedPostgresProblem(),
  });
  if (source.kind === 'given') return { tables: source.url, log: source.url };
  const postgres = await openEmbeddedPostgres({
    dataDir: settings.BELLWIRE_DATA_DIR,
    databases: Object.values(databases),
    log: (sentence) => log.warn({ sentence }, 'postgres.said'),
    onEnded: () => onFailure(new Error('Postgres ended by itself. Start again: nothing that was accepted is lost.')),
  });
  scope.own('postgres', postgres);
  return { tables: postgres.url(databases.tables), log: postgres.url(databases.log) };
};

const minuteMs = 60_000;
const startPatienceMs = 30_000;

/** A server that has just been started, on a busy machine, may let the first connections wait too long. */
const patiently = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (const giveUpAt = performance.now() + startPatienceMs; ;) {
    try {
      return await work();
    } catch (error) {
      if (toFault(error).kind !== 'unavailable' || performance.now() >= giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
};

/** Opens the database and the log of a suite in one process: its own where no addresses are given. */
export const openStorage = async (scope: Scope, options: StorageOptions): Promise<Storage> => {
  const { log, settings } = options;
  const urls = await openDatabases(scope, options);
  const eventLog = await openEmbeddedLog({
    connectionString: urls.log,
    settledMs: settings.BELLWIRE_EMBEDDED_LOG_SETTLED_MINUTES * minuteMs,
    onError: (error) => log.warn({ err: error }, 'log.failed'),
    onDropped: makeTellDropped(log),
  });
  scope.own('log', eventLog);
  await patiently(() => eventLog.topics(topicSpecs(topicsFrom(settings))));
  return { databaseUrl: urls.tables, eventLog };
};
