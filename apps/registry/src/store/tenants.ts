import type { Tenant } from '@bellwire/contracts';
import { fromProto, toProto } from '@bellwire/contracts';
import type { Slice, TenantRow, Tx } from './schema.ts';

const toTenant = (row: TenantRow): Tenant => ({
  id: row.tenant_id,
  name: row.name,
  dialect: row.dialect,
  eventTypePolicy: toProto.eventTypePolicy[row.event_type_policy],
  createdAt: row.created_at,
  timeoutMs: 0,
});

export const insertTenant = async (tx: Tx, tenant: Tenant, createdAt: Date): Promise<void> => {
  const row: TenantRow = {
    tenant_id: tenant.id,
    name: tenant.name,
    dialect: tenant.dialect,
    event_type_policy: fromProto.eventTypePolicy(tenant.eventTypePolicy) ?? 'open',
    created_at: createdAt,
  };
  await tx.insertInto('registry.tenants').values(row).execute();
};

/** By primary key. */
export const findTenant = async (tx: Tx, tenantId: string): Promise<Tenant | undefined> => {
  const row = await tx.selectFrom('registry.tenants').selectAll().where('tenant_id', '=', tenantId).executeTakeFirst();
  return row === undefined ? undefined : toTenant(row);
};

/** Of all tenants, by primary key: in a transaction across tenants. */
export const listTenants = async (tx: Tx, { after, limit }: Slice): Promise<readonly Tenant[]> => {
  const rows = await tx
    .selectFrom('registry.tenants')
    .selectAll()
    .where('tenant_id', '>', after)
    .orderBy('tenant_id')
    .limit(limit)
    .execute();
  return rows.map(toTenant);
};
