import type { RegistryServiceServer } from '@bellwire/contracts';
import { requireAdmin } from '@bellwire/domain';
import { makeCreateApiKey } from '../create-api-key.ts';
import { isIdText } from '../id-text.ts';
import { readPage } from '../page.ts';
import { makeRevokeApiKey } from '../revoke-api-key.ts';
import { listApiKeys } from '../store/api-keys.ts';
import { existingTenant, noSuchTenant } from '../tenant-of.ts';
import type { RpcDeps } from './dependencies.ts';

/** Admin only. Hashes stay inside. */
export const apiKeyRpcs = (
  deps: RpcDeps,
): Pick<RegistryServiceServer, 'createApiKey' | 'listApiKeys' | 'revokeApiKey'> => {
  const { handlers, store } = deps;
  const createApiKey = makeCreateApiKey(deps);
  const revokeApiKey = makeRevokeApiKey(deps);
  return {
    createApiKey: handlers.unary('CreateApiKey', async (request, { principal }) => {
      requireAdmin(principal);
      if (!isIdText(request.tenantId)) throw noSuchTenant();
      return await createApiKey(request);
    }),
    listApiKeys: handlers.unary('ListApiKeys', async (request, { principal }) => {
      requireAdmin(principal);
      const { tenantId } = request;
      if (!isIdText(tenantId)) throw noSuchTenant();
      const { items, nextCursor } = await readPage(
        'api-key',
        request,
        (slice) =>
          store.inTenant(tenantId, async (tx) => {
            await existingTenant(tx, tenantId);
            return await listApiKeys(tx, tenantId, slice);
          }),
        ({ apiKey }) => apiKey.id,
      );
      return { apiKeys: items.map(({ apiKey }) => apiKey), nextCursor };
    }),
    revokeApiKey: handlers.unary('RevokeApiKey', async (request, { principal }) => {
      requireAdmin(principal);
      if (!isIdText(request.tenantId)) throw noSuchTenant();
      await revokeApiKey(request);
      return {};
    }),
  };
};
