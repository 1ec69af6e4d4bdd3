import { acrossTenants, inTenant, migrate, openDatabase } from '@bellwire/persistence';
import { migrations } from '../../migrations/index.ts';
import type { Outbox } from '../ports.ts';
import { outboxOn } from './outbox.ts';
import type { RegistryTables, Tx } from './schema.ts';

/** The schema registry of a Postgres. Every transaction sees one tenant, or says that it wants all. */
export interface Store {
  /** @throws Fault DATABASE_UNAVAILABLE */
  inTenant<Result>(tenantId: string, work: (tx: Tx) => Promise<Result>): Promise<Result>;
  /** @throws Fault DATABASE_UNAVAILABLE */
  acrossTenants<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>;
  outbox: Outbox;
  close(): Promise<void>;
}

/** Connects and brings the schema up to date. */
export const openStore = async ({ databaseUrl }: { databaseUrl: string }): Promise<Store> => {
  const database = openDatabase<RegistryTables>({
    connectionString: databaseUrl,
    poolSize: 10,
    applicationName: 'bellwire-registry',
  });
  const { db } = database;
  try {
    await migrate({ db, schema: 'registry', migrations });
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    inTenant: (tenantId, work) => inTenant(db, tenantId, work),
    acrossTenants: (work) => acrossTenants(db, work),
    outbox: outboxOn(db),
    close: () => database.close(),
  };
};
