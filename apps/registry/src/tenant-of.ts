import type { Tenant } from '@bellwire/contracts';
import { Fault, noSuch } from '@bellwire/errors';
import { findTenant } from './store/tenants.ts';
import type { Tx } from './store/schema.ts';

/** The tenant that a call acts for. @throws Fault UNKNOWN_TENANT: an admin named one that is not there */
export const tenantOf = async (tx: Tx, tenantId: string): Promise<Tenant> => {
  const tenant = await findTenant(tx, tenantId);
  if (tenant === undefined) throw new Fault('UNKNOWN_TENANT', 'There is no such tenant.');
  return tenant;
};

/** The tenant that a request is about. @throws Fault NOT_FOUND */
export const existingTenant = async (tx: Tx, tenantId: string): Promise<Tenant> => {
  const tenant = await findTenant(tx, tenantId);
  if (tenant === undefined) throw noSuchTenant();
  return tenant;
};

export const noSuchTenant = (): Fault => noSuch('tenant');
