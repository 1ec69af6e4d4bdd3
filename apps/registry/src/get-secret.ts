import type { Acting } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { dialectOf } from './create-endpoint.ts';
import { isIdText } from './id-text.ts';
import { noSuchEndpoint } from './next-endpoint.ts';
import type { EndpointSeal } from './seal-endpoint.ts';
import { secretsOf } from './store/endpoint-secrets.ts';
import { findEndpoint } from './store/endpoints.ts';
import type { Store } from './store/open-store.ts';
import { tenantOf } from './tenant-of.ts';

/**
 * The newest secret of an endpoint, where the dialect promises its users that they may read it again.
 *
 * @throws Fault NOT_FOUND, WRONG_STATE in every other dialect, INTERNAL where the master key has been lost
 */
export const makeGetSecret =
  ({ store, seal }: { store: Pick<Store, 'inTenant'>; seal: Pick<EndpointSeal, 'openSecret'> }) =>
  async ({ tenantId, subject }: Acting, id: string): Promise<string> => {
    const newest = await store.inTenant(tenantId, async (tx) => {
      const { isSecretReadable = false } = dialectOf(await tenantOf(tx, tenantId));
      const found = isIdText(id) ? await findEndpoint(tx, { tenantId, subject, id }) : undefined;
      if (found === undefined) throw noSuchEndpoint();
      if (!isSecretReadable) throw new Fault('WRONG_STATE', 'A secret is shown when it is made, and never after.');
      return (await secretsOf(tx, tenantId, [id])).get(id)?.[0];
    });
    if (newest === undefined) throw noSuchEndpoint();
    return seal.openSecret({ tenantId, endpointId: id }, newest);
  };
