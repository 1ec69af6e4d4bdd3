// Why: an endpoint may limit how many deliveries are begun for it in an hour. Safe while the previous version runs: it names
// its columns, so that it writes the default and leaves what is there.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const hourlyLimit: Migration = {
  up: async (db: Kysely<unknown>) => {
    // 0: no limit.
    await sql`alter table registry.endpoints add column hourly_limit integer not null default 0`.execute(db);
  },
};
