// Why: the tables of registry: tenants, their API keys, event types, endpoints and secrets, and the outbox through which
// every change reaches the topic registry-changes. Safe while the previous version runs: yes, there is none.
//
// Every key starts with the tenant, and row-level security is forced, so that a query that forgets its tenant finds
// nothing. Ids and names compare by byte (collation C): pages are in order of id, whatever the locale of the server.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { tenantPolicySql } from '@bellwire/persistence';

const tables = [
  `create table registry.tenants (
     tenant_id text collate "C" primary key,
     name text not null,
     dialect text not null,
     event_type_policy text not null check (event_type_policy in ('open', 'strict')),
     created_at timestamptz not null
   )`,
  `create table registry.api_keys (
     tenant_id text collate "C" not null references registry.tenants,
     key_id text collate "C" not null,
     name text not null,
     scopes text[] not null,
     subject text,
     hint text not null,
     -- SHA-256 of the key, lower hex: the key itself is nowhere.
     hash text not null,
     created_at timestamptz not null,
     revoked_at timestamptz,
     primary key (tenant_id, key_id)
   )`,
  `create table registry.event_types (
     tenant_id text collate "C" not null references registry.tenants,
     name text collate "C" not null,
     description text not null,
     -- JSON text as it was given, or empty.
     schema text not null,
     example text not null,
     version integer not null,
     archived boolean not null,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     primary key (tenant_id, name)
   )`,
  `create table registry.endpoints (
     tenant_id text collate "C" not null references registry.tenants,
     endpoint_id text collate "C" not null,
     url text not null,
     description text not null,
     subject text,
     event_types text[] not null,
     filter text not null,
     enabled boolean not null,
     disabled_reason text not null,
     retry jsonb,
     timeout_ms integer not null,
     rate_limit jsonb,
     quiet_hours jsonb,
     max_concurrency integer not null,
     header_names text[] not null,
     -- Values are secret: see libs/secrets. Empty where there are no headers.
     sealed_headers bytea not null,
     metadata jsonb not null,
     test_mode boolean not null,
     version integer not null,
     created_at timestamptz not null,
     updated_at timestamptz not null,
     primary key (tenant_id, endpoint_id)
   )`,
  // The list of one subject's endpoints.
  `create index endpoints_subject on registry.endpoints (tenant_id, subject, endpoint_id) where subject is not null`,
  `create table registry.endpoint_secrets (
     tenant_id text collate "C" not null,
     endpoint_id text collate "C" not null,
     version integer not null,
     sealed bytea not null,
     -- Null: the current one.
     expires_at timestamptz,
     primary key (tenant_id, endpoint_id, version),
     foreign key (tenant_id, endpoint_id) references registry.endpoints on delete cascade
   )`,
  // Drained across tenants in order of id. It is read whole and sorted, since it holds only what is on its way; the id is
  // drawn while the changed row is locked, so that for one key the order of ids is the order of commits.
  `create table registry.outbox (
     tenant_id text collate "C" not null,
     id bigint generated always as identity,
     key text not null,
     -- Null: the key is deleted.
     value bytea,
     headers jsonb not null,
     primary key (tenant_id, id)
   )`,
];

const tenantTables = ['tenants', 'api_keys', 'event_types', 'endpoints', 'endpoint_secrets', 'outbox'];

export const registryTables: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of tables) await sql.raw(statement).execute(db);
    for (const table of tenantTables) {
      for (const statement of tenantPolicySql(`registry.${table}`)) await sql.raw(statement).execute(db);
    }
  },
};
