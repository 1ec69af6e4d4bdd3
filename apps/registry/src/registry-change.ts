import { RegistryChange, type SealedSecret, type Tenant } from '@bellwire/contracts';
import { endpointChangeKey, registryChangeKey } from '@bellwire/registry-view';
import type { StoredApiKey } from './store/api-keys.ts';
import type { StoredEndpoint } from './store/endpoints.ts';
import type { StoredEventType } from './store/event-types.ts';
import type { NewChange } from './store/outbox.ts';

// What is kept, as it travels on registry-changes: whole states, so that the last record of a key is all there is to know.

/** The record of a state: for what is written, and to compare with what a view has. */
export const changeOf = (state: NonNullable<RegistryChange['state']>): NewChange => ({
  key: registryChangeKey({ state }),
  value: RegistryChange.encode({ state }).finish(),
});

export const tenantChange = (tenant: Tenant): NewChange => changeOf({ $case: 'tenant', value: tenant });

export const apiKeyChange = (value: StoredApiKey): NewChange => changeOf({ $case: 'apiKey', value });

export const eventTypeChange = (tenantId: string, eventType: StoredEventType): NewChange =>
  changeOf({ $case: 'eventType', value: { tenantId, eventType } });

/** Header values and secrets travel only sealed. */
export const endpointChange = (stored: StoredEndpoint, secrets: readonly SealedSecret[]): NewChange => {
  const { tenantId, endpoint, sealedHeaders, version } = stored;
  const value = { tenantId, endpoint: { ...endpoint, headers: {} }, secrets: [...secrets], sealedHeaders, version };
  return changeOf({ $case: 'endpoint', value });
};

export const endpointDeleted = (endpointId: string): NewChange => ({
  key: endpointChangeKey(endpointId),
  value: null,
});
