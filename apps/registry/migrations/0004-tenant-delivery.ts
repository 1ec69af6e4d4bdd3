// Why: a tenant may have a schedule and a time-out for its endpoints that have none of their own. Safe while the previous
// version runs: it names its columns, so that it writes the defaults and leaves what is there.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const tenantDelivery: Migration = {
  up: async (db: Kysely<unknown>) => {
    // Null and 0: those of the dialect.
    await sql`alter table registry.tenants
      add column retry jsonb,
      add column timeout_ms integer not null default 0`.execute(db);
  },
};
