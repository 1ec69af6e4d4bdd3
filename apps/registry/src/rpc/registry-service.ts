import type { RegistryServiceServer } from '@bellwire/contracts';
import { apiKeyRpcs } from './api-keys.ts';
import type { RpcDeps } from './dependencies.ts';
import { endpointRpcs } from './endpoints.ts';
import { eventTypeRpcs } from './event-types.ts';
import { subjectSettingsRpcs } from './subject-settings.ts';
import { tenantRpcs } from './tenants.ts';
import { whoAmIRpc } from './who-am-i.ts';

/** bellwire.registry.v1.RegistryService. */
export const registryService = (deps: RpcDeps): RegistryServiceServer => ({
  ...tenantRpcs(deps),
  ...apiKeyRpcs(deps),
  ...eventTypeRpcs(deps),
  ...endpointRpcs(deps),
  ...whoAmIRpc(deps),
  ...subjectSettingsRpcs(deps),
});
