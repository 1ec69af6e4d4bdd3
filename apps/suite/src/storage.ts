import type { Settings } from '@bellwire/config';
import type { Logger, Scope } from '@bellwire/lifecycle';
import { openEmbeddedLog, topicSpecs, type Log } from '@bellwire/messaging';
import { choosePostgres, embeddedPostgresProblem, openEmbeddedPostgres } from '@bellwire/provision';

export interface Storage {
  /** Of the services' tables. */
  databaseUrl: string;
  eventLog: Log;
}

/** One server holds both: the services' tables and, apart from them, the log. */
const databases = { tables: 'bellwire', log: 'bellwire_log' };

const openDatabases = async (
  scope: Scope,
  log: Logger,
  settings: Settings,
): Promise<{ tables: string; log: string }> => {
  const source = choosePostgres({
    givenUrl: settings.BELLWIRE_DATABASE_URL,
    embeddedProblem: embeddedPostgresProblem(),
  });
  if (source.kind === 'given') return { tables: source.url, log: source.url };
  const postgres = await openEmbeddedPostgres({
    dataDir: settings.BELLWIRE_DATA_DIR,
    databases: Object.values(databases),
    log: (sentence) => log.info({ sentence }, 'postgres.said'),
  });
  scope.own('postgres', postgres);
  return { tables: postgres.url(databases.tables), log: postgres.url(databases.log) };
};

/** Opens the database and the log of a suite in one process: its own where no addresses are given. */
export const openStorage = async (scope: Scope, log: Logger, settings: Settings): Promise<Storage> => {
  const urls = await openDatabases(scope, log, settings);
  const eventLog = await openEmbeddedLog({
    connectionString: urls.log,
    onError: (error) => log.warn({ err: error }, 'log.failed'),
  });
  scope.own('log', eventLog);
  await eventLog.topics(topicSpecs({ partitions: settings.BELLWIRE_PARTITIONS, tiers: settings.BELLWIRE_RETRY_TIERS }));
  return { databaseUrl: urls.tables, eventLog };
};
