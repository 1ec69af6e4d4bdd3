import type { Logger } from '@bellwire/lifecycle';
import { isDatabaseAway, migrate, openDatabase } from '@bellwire/persistence';
import { migrations } from '../../migrations/index.ts';
import type { Reservations } from '../ports.ts';
import { openReservations } from './reservations.ts';

/** The schema ingestion of a Postgres. */
export interface Store {
  reservations: Reservations;
  close(): Promise<void>;
}

export interface StoreOptions {
  databaseUrl: string;
  log: Logger;
  /** Told of a schema that cannot be migrated although Postgres is there. */
  onFailure(error: unknown): void;
  /** Wait before the schema is tried again, in milliseconds. @default 2000 */
  retryMs?: number;
}

/**
 * Connects and brings the schema up to date. A Postgres that is away does not keep ingestion from starting (design,
 * promise 3): the schema follows when it is back, and until then keys are not checked.
 *
 * @throws Error where Postgres is there and the schema cannot be migrated
 */
export const openStore = async ({ databaseUrl, log, onFailure, retryMs = 2000 }: StoreOptions): Promise<Store> => {
  const { db, close } = openDatabase<Record<string, never>>({
    connectionString: databaseUrl,
    // One statement of reservations at a time, one of marks, one of the deletion, and one that replaces a connection that
    // hangs.
    poolSize: 4,
    applicationName: 'bellwire-ingestion',
    statementTimeoutMs: 5000,
    connectTimeoutMs: 2000,
  });
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let migrating: Promise<void> = Promise.resolve();

  const tryMigrate = async (): Promise<void> => {
    try {
      await migrate({ db, schema: 'ingestion', migrations });
    } catch (error) {
      if (isClosed) return;
      if (!isDatabaseAway(error)) throw error;
      log.warn({ err: error }, 'schema.not_migrated');
      timer = setTimeout(() => {
        migrating = tryMigrate().catch(onFailure);
      }, retryMs);
      timer.unref();
    }
  };

  try {
    await tryMigrate();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    reservations: openReservations(db),
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await close();
      await migrating;
    },
  };
};
