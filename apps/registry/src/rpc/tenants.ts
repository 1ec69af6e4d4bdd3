import type { RegistryServiceServer } from '@bellwire/contracts';
import { requireAdmin } from '@bellwire/domain';
import { makeCreateTenant } from '../create-tenant.ts';
import { isIdText } from '../id-text.ts';
import { readPage } from '../page.ts';
import { listTenants } from '../store/tenants.ts';
import { existingTenant, noSuchTenant } from '../tenant-of.ts';
import type { RpcDeps } from './dependencies.ts';

/** Admin only. */
export const tenantRpcs = (
  deps: RpcDeps,
): Pick<RegistryServiceServer, 'createTenant' | 'getTenant' | 'listTenants'> => {
  const { handlers, store } = deps;
  const createTenant = makeCreateTenant(deps);
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
  };
};
