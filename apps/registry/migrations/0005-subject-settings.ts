// Why: some dialects let a user set what no endpoint holds. Safe while the previous version runs: it does not know the table.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { tenantPolicySql } from '@bellwire/persistence';

const table = `create table registry.subject_settings (
  tenant_id text collate "C" not null references registry.tenants,
  subject text collate "C" not null,
  -- JSON text of an object, as it was given.
  settings text not null,
  updated_at timestamptz not null,
  primary key (tenant_id, subject)
)`;

export const subjectSettings: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of [table, ...tenantPolicySql('registry.subject_settings')]) {
      await sql.raw(statement).execute(db);
    }
  },
};
