// Why: a record is put aside not only where its bytes make no sense, but also where a consumer fails for it or the process ends
// with it. Safe while the previous version runs: it names its columns, and what it writes gets the defaults.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const putAside: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`alter table audit.unreadable_records
      add column kind text not null default 'undecodable',
      add column consumer_group text not null default '',
      add column failures integer not null default 1`.execute(db);
  },
};
