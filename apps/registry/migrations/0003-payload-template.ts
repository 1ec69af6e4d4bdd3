// Why: an endpoint may have a template that turns its bodies into others. Safe while the previous version runs: it names its
// columns, so that it writes none and leaves what is there.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const payloadTemplate: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`alter table registry.endpoints add column payload_template jsonb`.execute(db);
  },
};
