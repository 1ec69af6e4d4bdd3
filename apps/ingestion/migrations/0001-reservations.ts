import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { tenantPolicySql } from '@bellwire/persistence';

// Who came first with an idempotency key, for 72 hours. Safe while the previous version runs: yes (there is none).
// accepted_at_ms has its own index for the deletion of what is over. event_id is kept, although it derives from tenant and
// key, so that the derivation may change while reservations live.
export const reservations: Migration = {
  async up(db) {
    await sql`
      create table ingestion.reservations (
        tenant_id text collate "C" not null,
        key text collate "C" not null,
        body_hash bytea not null,
        event_id text not null,
        accepted_at_ms bigint not null,
        primary key (tenant_id, key)
      )`.execute(db);
    await sql`create index reservations_by_time on ingestion.reservations (accepted_at_ms)`.execute(db);
    for (const statement of tenantPolicySql('ingestion.reservations')) await sql.raw(statement).execute(db);
  },
};
