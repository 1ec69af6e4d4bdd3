// Why: the tables of audit: events, deliveries, attempts and dead letters by day of acceptance (the day partitions are made
// and dropped by the maintenance worker, not here), and beside them what could not be read and how far the log is
// recorded. Safe while the previous version runs: yes, there is none.
//
// Primary keys are (accepted_day, id); every other index starts with the tenant, because every query does. Ids compare by
// byte (collation C). JSON is kept as text: it may hold \u0000, which jsonb refuses, and nobody queries inside it.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { tenantPolicySql } from '@bellwire/persistence';

const tables = [
  // A row may come from the event, from its fan-out, or from both: data is null until the event has come, planned_at until
  // the fan-out has.
  `create table audit.events (
     accepted_day date not null,
     id text collate "C" not null,
     tenant_id text collate "C" not null,
     type text not null,
     subject text,
     accepted_at timestamptz(3) not null,
     -- JSON text as it was published.
     data text,
     occurred_at timestamptz(3),
     ordering_key text,
     idempotency_key text,
     action_urls text,
     planned_at timestamptz(3),
     registry_position bigint,
     excluded_counts text,
     excluded text,
     primary key (accepted_day, id)
   ) partition by range (accepted_day)`,
  `create index events_accepted on audit.events (tenant_id, accepted_at, id)`,
  `create index events_type on audit.events (tenant_id, type, accepted_at, id)`,
  `create index events_subject on audit.events (tenant_id, subject, accepted_at, id) where subject is not null`,
  // Holds only what waits for its fan-out: as_of of a tenant's deliveries is read from it.
  `create index events_unplanned on audit.events (tenant_id, accepted_at) where planned_at is null and data is not null`,

  `create table audit.deliveries (
     accepted_day date not null,
     id uuid not null,
     tenant_id text collate "C" not null,
     endpoint_id text collate "C" not null,
     event_id text collate "C" not null,
     event_type text not null,
     subject text,
     accepted_at timestamptz(3) not null,
     is_test boolean not null,
     status text not null,
     reason text not null,
     round integer not null,
     -- The greatest attempt number that was seen.
     attempt_count integer not null,
     next_attempt_at timestamptz(3),
     completed_at timestamptz(3),
     -- Compares states: the greatest wins, whatever order they come in. See src/delivery-state.ts.
     state_order text collate "C" not null,
     primary key (accepted_day, id)
   ) partition by range (accepted_day)`,
  `create index deliveries_accepted on audit.deliveries (tenant_id, accepted_at, id)`,
  `create index deliveries_endpoint on audit.deliveries (tenant_id, endpoint_id, accepted_at, id)`,
  `create index deliveries_event on audit.deliveries (tenant_id, event_id)`,
  `create index deliveries_subject on audit.deliveries (tenant_id, subject, accepted_at, id) where subject is not null`,
  // Most deliveries end as delivered: who asks for those finds them by the index of all.
  `create index deliveries_status on audit.deliveries (tenant_id, status, accepted_at, id) where status <> 'delivered'`,

  `create table audit.attempts (
     accepted_day date not null,
     id text collate "C" not null,
     tenant_id text collate "C" not null,
     delivery_id uuid not null,
     endpoint_id text collate "C" not null,
     number integer not null,
     round integer not null,
     started_at timestamptz(3) not null,
     duration_ms double precision not null,
     -- Null: a word that the writer did not know.
     outcome text,
     response_status integer,
     response_headers text not null,
     response_body text,
     error text,
     timings text not null,
     trace_id text not null,
     status text not null,
     reason text not null,
     next_attempt_at timestamptz(3),
     is_test boolean not null,
     primary key (accepted_day, id)
   ) partition by range (accepted_day)`,
  `create index attempts_delivery on audit.attempts (tenant_id, delivery_id, number)`,

  `create table audit.dead_letters (
     accepted_day date not null,
     id uuid not null,
     tenant_id text collate "C" not null,
     round integer not null,
     reason text not null,
     attempt_count integer not null,
     dead_lettered_at timestamptz(3) not null,
     last_outcome text,
     last_response_status integer,
     last_error text,
     primary key (accepted_day, id)
   ) partition by range (accepted_day)`,

  // Of no tenant: for operators.
  `create table audit.unreadable_records (
     topic text collate "C" not null,
     partition integer not null,
     log_offset bigint not null,
     value bytea not null,
     error text not null,
     found_at timestamptz(3) not null,
     primary key (topic, partition, log_offset)
   )`,
  // How far each partition of the log is recorded: everything below next_offset is, which is everything that the log took
  // up to recorded_until. Written in the transaction that records, so that every process can answer as_of from it.
  `create table audit.progress (
     topic text collate "C" not null,
     partition integer not null,
     next_offset bigint not null,
     recorded_until timestamptz(3) not null,
     primary key (topic, partition)
   )`,
];

const tenantTables = ['events', 'deliveries', 'attempts', 'dead_letters'];
const operatorTables = ['unreadable_records', 'progress'];

/** Rows of no tenant: seen across tenants only. */
const operatorPolicySql = (table: string): readonly string[] => [
  `alter table ${table} enable row level security`,
  `alter table ${table} force row level security`,
  `create policy operators on ${table} using (current_setting('bellwire.tenant_id', true) = '*')`,
];

export const historyTables: Migration = {
  up: async (db: Kysely<unknown>) => {
    const policies = [
      ...tenantTables.flatMap((table) => tenantPolicySql(`audit.${table}`)),
      ...operatorTables.flatMap((table) => operatorPolicySql(`audit.${table}`)),
    ];
    for (const statement of [...tables, ...policies]) await sql.raw(statement).execute(db);
  },
};
