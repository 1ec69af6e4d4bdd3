import type { Insertable, Selectable } from 'kysely';
import { fromProto, toProto, type Tenant } from '@bellwire/contracts';
import { retryColumn, retryOfColumn } from './retry.ts';
import type { Slice, TenantTable, Tx } from './schema.ts';

/** A tenant whose time is real. */
export type StoredTenant = Tenant & { createdAt: Date };

const toTenant = (row: Selectable<TenantTable>): StoredTenant => ({
  id: row.tenant_id,
  name: row.name,
  dialect: row.dialect,
  eventTypePolicy: toProto.eventTypePolicy[row.event_type_policy],
  createdAt: row.created_at,
  retry: retryOfColumn(row.retry),
  timeoutMs: row.timeout_ms,
});

const toRow = (tenant: StoredTenant): Insertable<TenantTable> => ({
  tenant_id: tenant.id,
  name: tenant.name,
  dialect: tenant.dialect,
  event_type_policy: fromProto.eventTypePolicy(tenant.eventTypePolicy) ?? 'open',
  created_at: tenant.createdAt,
  retry: retryColumn(tenant.retry),
  timeout_ms: tenant.timeoutMs,
});

export const insertTenant = async (tx: Tx, tenant: StoredTenant): Promise<void> => {
  await tx.insertInto('registry.tenants').values(toRow(tenant)).execute();
};

/** By primary key; on request no other transaction changes it until this one ends. What refers to it is not kept waiting. */
export const findTenant = async (tx: Tx, tenantId: string, lock = false): Promise<StoredTenant | undefined> => {
  const row = await tx
    .selectFrom('registry.tenants')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .$if(lock, (query) => query.forNoKeyUpdate())
    .executeTakeFirst();
  return row === undefined ? undefined : toTenant(row);
};

export const saveTenant = async (tx: Tx, tenant: StoredTenant): Promise<void> => {
  const { tenant_id: tenantId, ...row } = toRow(tenant);
  await tx.updateTable('registry.tenants').set(row).where('tenant_id', '=', tenantId).execute();
};

/** Of all tenants, by primary key: in a transaction across tenants. */
export const listTenants = async (tx: Tx, { after, limit }: Slice): Promise<readonly StoredTenant[]> => {
  const rows = await tx
    .selectFrom('registry.tenants')
    .selectAll()
    .where('tenant_id', '>', after)
    .orderBy('tenant_id')
    .limit(limit)
    .execute();
  return rows.map(toTenant);
};
