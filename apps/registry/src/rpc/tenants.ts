import { Tenant, type RegistryServiceServer } from '@bellwire/contracts';
import { requireAdmin } from '@bellwire/domain';
import { makeCreateTenant } from '../create-tenant.ts';
import { isIdText } from '../id-text.ts';
import { readPage } from '../page.ts';
import { listTenants } from '../store/tenants.ts';
import { existingTenant, noSuchTenant } from '../tenant-of.ts';
import { makeUpdateTenant } from '../update-tenant.ts';
import type { RpcDeps } from './dependencies.ts';

/** Admin only. */
export const tenantRpcs = (
  deps: RpcDeps,
): Pick<RegistryServiceServer, 'createTenant' | 'getTenant' | 'listTenants' | 'updateTenant'> => {
  const { handlers, store } = deps;
  const createTenant = makeCreateTenant(deps);
  const updateTenant = makeUpdateTenant(deps);
  return {
    createTenant: handlers.unary('CreateTenant', async (request, { principal }) => {
      requireAdmin(principal);
      return await createTenant(request);
    }),
    getTenant: handlers.unary('GetTenant', async ({ id }, { principal }) => {
      requireAdmin(principal);
      if (!isIdText(id)) throw noSuchTenant();
      return await store.inTenant(id, (tx) => existingTenant(tx, id));
    }),
    listTenants: handlers.unary('ListTenants', async (request, { principal }) => {
      requireAdmin(principal);
      const { items, nextCursor } = await readPage(
        'tenant',
        request,
        (slice) => store.acrossTenants((tx) => listTenants(tx, slice)),
        ({ id }) => id,
      );
      return { tenants: items, nextCursor };
    }),
    updateTenant: handlers.unary('UpdateTenant', async ({ tenant, updateMask }, { principal }) => {
      requireAdmin(principal);
      const given = tenant ?? Tenant.create();
      if (!isIdText(given.id)) throw noSuchTenant();
      return await updateTenant(given, updateMask ?? []);
    }),
  };
};
