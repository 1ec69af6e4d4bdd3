import type { Insertable, Selectable } from 'kysely';
import type { Endpoint } from '@bellwire/contracts';
import { hiddenValue } from '../hidden-value.ts';
import { retryColumn, retryOfColumn } from './retry.ts';
import type { EndpointTable, Slice, Tx } from './schema.ts';

/** An endpoint as it is kept. */
export interface StoredEndpoint {
  tenantId: string;
  /** Its headers have their names and, for every value, `***`: what people see. */
  endpoint: Endpoint & { createdAt: Date; updatedAt: Date };
  /** JSON object of the headers, sealed for this version; empty where there are none. */
  sealedHeaders: Buffer;
  /** Raised by each write. */
  version: number;
}

const toStored = (row: Selectable<EndpointTable>): StoredEndpoint => ({
  tenantId: row.tenant_id,
  endpoint: {
    id: row.endpoint_id,
    url: row.url,
    description: row.description,
    subject: row.subject ?? undefined,
    eventTypes: row.event_types,
    filter: row.filter,
    enabled: row.enabled,
    disabledReason: row.disabled_reason,
    retry: retryOfColumn(row.retry),
    timeoutMs: row.timeout_ms,
    rateLimit: row.rate_limit ?? undefined,
    quietHours: row.quiet_hours ?? undefined,
    payloadTemplate: row.payload_template ?? undefined,
    maxConcurrency: row.max_concurrency,
    headers: Object.fromEntries(row.header_names.map((name) => [name, hiddenValue])),
    metadata: row.metadata,
    hourlyLimit: row.hourly_limit,
    testMode: row.test_mode,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  },
  sealedHeaders: row.sealed_headers,
  version: row.version,
});

const toRow = ({ tenantId, endpoint, sealedHeaders, version }: StoredEndpoint): Insertable<EndpointTable> => ({
  tenant_id: tenantId,
  endpoint_id: endpoint.id,
  url: endpoint.url,
  description: endpoint.description,
  subject: endpoint.subject ?? null,
  event_types: endpoint.eventTypes,
  filter: endpoint.filter,
  enabled: endpoint.enabled,
  disabled_reason: endpoint.disabledReason,
  retry: retryColumn(endpoint.retry),
  timeout_ms: endpoint.timeoutMs,
  rate_limit: endpoint.rateLimit === undefined ? null : JSON.stringify(endpoint.rateLimit),
  quiet_hours: endpoint.quietHours === undefined ? null : JSON.stringify(endpoint.quietHours),
  payload_template: endpoint.payloadTemplate === undefined ? null : JSON.stringify(endpoint.payloadTemplate),
  max_concurrency: endpoint.maxConcurrency,
  header_names: Object.keys(endpoint.headers),
  sealed_headers: sealedHeaders,
  metadata: JSON.stringify(endpoint.metadata),
  hourly_limit: endpoint.hourlyLimit,
  test_mode: endpoint.testMode,
  version,
  created_at: endpoint.createdAt,
  updated_at: endpoint.updatedAt,
});

/**
 * Answers how many endpoints the tenant has with this one. Its count is locked until the transaction ends: others of the
 * tenant that are made meanwhile wait.
 */
export const insertEndpoint = async (tx: Tx, stored: StoredEndpoint): Promise<number> => {
  await tx.insertInto('registry.endpoints').values(toRow(stored)).execute();
  const { endpoint_count: count } = await tx
    .selectFrom('registry.tenants')
    .select('endpoint_count')
    .where('tenant_id', '=', stored.tenantId)
    .executeTakeFirstOrThrow();
  return count;
};

export interface EndpointRef {
  tenantId: string;
  /** Who may see only the endpoints of this subject. */
  subject: string | undefined;
  id: string;
}

/** By primary key; locked on request until the transaction ends. An endpoint of another subject is not there. */
export const findEndpoint = async (
  tx: Tx,
  { tenantId, subject, id }: EndpointRef,
  lock = false,
): Promise<StoredEndpoint | undefined> => {
  const row = await tx
    .selectFrom('registry.endpoints')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('endpoint_id', '=', id)
    .$if(subject !== undefined, (query) => query.where('subject', '=', subject ?? ''))
    .$if(lock, (query) => query.forUpdate())
    .executeTakeFirst();
  return row === undefined ? undefined : toStored(row);
};

export const saveEndpoint = async (tx: Tx, stored: StoredEndpoint): Promise<void> => {
  await tx
    .updateTable('registry.endpoints')
    .set(toRow(stored))
    .where('tenant_id', '=', stored.tenantId)
    .where('endpoint_id', '=', stored.endpoint.id)
    .execute();
};

/** With its secrets. */
export const deleteEndpoint = async (tx: Tx, { tenantId, endpoint }: StoredEndpoint): Promise<void> => {
  await tx
    .deleteFrom('registry.endpoints')
    .where('tenant_id', '=', tenantId)
    .where('endpoint_id', '=', endpoint.id)
    .execute();
};

/** Of one tenant, by primary key; of one subject, by endpoints_subject. */
export const listEndpoints = async (
  tx: Tx,
  tenantId: string,
  { after, limit, lock = false, subject }: Slice & { subject?: string | undefined },
): Promise<readonly StoredEndpoint[]> => {
  const rows = await tx
    .selectFrom('registry.endpoints')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('endpoint_id', '>', after)
    .$if(subject !== undefined, (query) => query.where('subject', '=', subject ?? ''))
    .orderBy('endpoint_id')
    .limit(limit)
    .$if(lock, (query) => query.forUpdate())
    .execute();
  return rows.map(toStored);
};

/** Those of these ids that exist. */
export const existingEndpoints = async (tx: Tx, tenantId: string, ids: readonly string[]): Promise<Set<string>> => {
  if (ids.length === 0) return new Set();
  const rows = await tx
    .selectFrom('registry.endpoints')
    .select('endpoint_id')
    .where('tenant_id', '=', tenantId)
    .where('endpoint_id', 'in', ids)
    .execute();
  return new Set(rows.map((row) => row.endpoint_id));
};
