import type { RegistryServiceServer, WhoAmIResponse } from '@bellwire/contracts';
import type { Principal } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import type { RpcDeps } from './dependencies.ts';

/** @throws Fault UNKNOWN_TENANT where an admin names one that is not there, NOT_FOUND for another tenant's */
const tenantIdOf = async (
  principal: Principal,
  namedTenant: string | undefined,
  view: RpcDeps['view'],
): Promise<string> => {
  if (principal.kind === 'tenant') {
    if (namedTenant !== undefined && namedTenant !== principal.tenantId) {
      throw new Fault('NOT_FOUND', 'There is no such tenant for this key.');
    }
    return principal.tenantId;
  }
  if (namedTenant === undefined) return '';
  if (view.tenant(namedTenant) === undefined) await view.catchUp();
  if (view.tenant(namedTenant) === undefined) throw new Fault('UNKNOWN_TENANT', 'There is no such tenant.');
  return namedTenant;
};

/** Whom a key acts for, from the view: any key that is valid may ask, and Postgres is not needed. */
export const whoAmIRpc = ({ handlers, view }: RpcDeps): Pick<RegistryServiceServer, 'whoAmI'> => ({
  whoAmI: handlers.unary('WhoAmI', async (_request, { principal, namedTenant }): Promise<WhoAmIResponse> => {
    const tenantId = await tenantIdOf(principal, namedTenant, view);
    const dialect = view.tenant(tenantId)?.dialect ?? '';
    if (principal.kind === 'admin') return { tenantId, dialect, subject: undefined, scopes: [], apiKeyId: '' };
    const { keyId, scopes, subject } = principal;
    return { tenantId, dialect, subject, scopes: [...scopes], apiKeyId: keyId };
  }),
});
