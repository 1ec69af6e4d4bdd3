import type { RegistryServiceServer } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { apiKeyRpcs } from './api-keys.ts';
import type { RpcDeps } from './dependencies.ts';
import { endpointRpcs } from './endpoints.ts';
import { eventTypeRpcs } from './event-types.ts';
import { tenantRpcs } from './tenants.ts';
import { whoAmIRpc } from './who-am-i.ts';

const inNextVersion = ({
  handlers,
}: RpcDeps): Pick<RegistryServiceServer, 'updateTenant' | 'getSubjectSettings' | 'putSubjectSettings'> => {
  const refuse = async () => {
    throw new Fault('NOT_IMPLEMENTED', 'Not in this version.');
  };
  return {
    updateTenant: handlers.unary('UpdateTenant', refuse),
    getSubjectSettings: handlers.unary('GetSubjectSettings', refuse),
    putSubjectSettings: handlers.unary('PutSubjectSettings', refuse),
  };
};

/** bellwire.registry.v1.RegistryService. */
export const registryService = (deps: RpcDeps): RegistryServiceServer => ({
  ...tenantRpcs(deps),
  ...apiKeyRpcs(deps),
  ...eventTypeRpcs(deps),
  ...endpointRpcs(deps),
  ...whoAmIRpc(deps),
  ...inNextVersion(deps),
});
