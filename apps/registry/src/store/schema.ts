import type { ColumnType, GeneratedAlways, JSONColumnType, Transaction } from 'kysely';
import type { StoredRetry } from './retry.ts';

// Rows as Postgres has them. Each table's file in this folder is the one place that turns them into messages and back.

type Json<Value extends object> = JSONColumnType<Value>;
type NullableJson<Value extends object> = ColumnType<Value | null, string | null, string | null>;

export interface TenantTable {
  tenant_id: string;
  name: string;
  dialect: string;
  event_type_policy: 'open' | 'strict';
  created_at: Date;
  retry: NullableJson<StoredRetry>;
  timeout_ms: number;
  /** Kept by a trigger. */
  endpoint_count: GeneratedAlways<number>;
}

export interface ApiKeyRow {
  tenant_id: string;
  key_id: string;
  name: string;
  scopes: string[];
  subject: string | null;
  hint: string;
  hash: string;
  created_at: Date;
  revoked_at: Date | null;
}

export interface EventTypeRow {
  tenant_id: string;
  name: string;
  description: string;
  schema: string;
  example: string;
  version: number;
  archived: boolean;
  created_at: Date;
  updated_at: Date;
}

export interface EndpointTable {
  tenant_id: string;
  endpoint_id: string;
  url: string;
  description: string;
  subject: string | null;
  event_types: string[];
  filter: string;
  enabled: boolean;
  disabled_reason: string;
  retry: NullableJson<StoredRetry>;
  timeout_ms: number;
  rate_limit: NullableJson<{ limit: number; periodSeconds: number }>;
  quiet_hours: NullableJson<{ start: string; end: string; timeZone: string; mode: string }>;
  payload_template: NullableJson<{ preset: string; expression: string }>;
  max_concurrency: number;
  header_names: string[];
  sealed_headers: Buffer;
  metadata: Json<Record<string, string>>;
  hourly_limit: number;
  test_mode: boolean;
  version: number;
  created_at: Date;
  updated_at: Date;
}

export interface EndpointSecretRow {
  tenant_id: string;
  endpoint_id: string;
  version: number;
  sealed: Buffer;
  expires_at: Date | null;
}

export interface SubjectSettingsRow {
  tenant_id: string;
  subject: string;
  settings: string;
  updated_at: Date;
}

export interface OutboxTable {
  tenant_id: string;
  /** A bigint: text in JavaScript. */
  id: GeneratedAlways<string>;
  key: string;
  value: Buffer | null;
  headers: Json<Record<string, string>>;
}

export interface RegistryTables {
  'registry.tenants': TenantTable;
  'registry.api_keys': ApiKeyRow;
  'registry.event_types': EventTypeRow;
  'registry.endpoints': EndpointTable;
  'registry.endpoint_secrets': EndpointSecretRow;
  'registry.subject_settings': SubjectSettingsRow;
  'registry.outbox': OutboxTable;
}

/** A transaction that sees the rows of one tenant, or of all: @bellwire/persistence opens it. */
export type Tx = Transaction<RegistryTables>;

/** Part of a list in order of id. */
export interface Slice {
  /** Only what comes after this id. */
  after: string;
  limit: number;
  /** Keeps writers from the rows until the transaction ends. @default false */
  lock?: boolean;
}
