// Why: the reconcile check finds deliveries that are past their time, of all tenants, without reading the others, and keeps
// which of them nothing works on any more. Safe while the previous version runs: yes, it uses none of it.
//
// The index holds open deliveries only, but Postgres reads the table to make it: what is written meanwhile waits on the log.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { tenantPolicySql } from '@bellwire/persistence';

const statements = [
  `create index deliveries_open on audit.deliveries (tenant_id, accepted_at, id)
     where status in ('pending', 'held', 'retrying')`,

  // Deliveries, and events without a fan-out, of which the last check has found no live record.
  `create table audit.missing (
     accepted_day date not null,
     -- Of the delivery, or of the event where there is none.
     id text collate "C" not null,
     tenant_id text collate "C" not null,
     accepted_at timestamptz(3) not null,
     event_id text collate "C" not null,
     delivery_id uuid,
     -- The state in which the delivery was found: once it has another one it is not missing any more.
     state_order text collate "C",
     -- By the first check that has found it in that state.
     found_at timestamptz(3) not null,
     checked_at timestamptz(3) not null,
     primary key (accepted_day, id)
   )`,
  `create index missing_accepted on audit.missing (tenant_id, accepted_at, id)`,
  ...tenantPolicySql('audit.missing'),

  // The last check that came to its end: one row, of no tenant.
  `create table audit.reconcile_checks (
     only_one boolean primary key default true check (only_one),
     checked_at timestamptz(3) not null,
     as_of timestamptz(3) not null,
     took_ms double precision not null,
     missing_deliveries integer not null,
     missing_events integer not null
   )`,
  `alter table audit.reconcile_checks enable row level security`,
  `alter table audit.reconcile_checks force row level security`,
  `create policy operators on audit.reconcile_checks using (current_setting('bellwire.tenant_id', true) = '*')`,
];

export const missing: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
