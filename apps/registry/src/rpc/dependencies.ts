import type { RegistryView } from '@bellwire/registry-view';
import type { Handlers } from '@bellwire/rpc';
import type { CreateEndpointDeps } from '../create-endpoint.ts';
import type { Store } from '../store/open-store.ts';

/** What the RPCs are made of. */
export interface RpcDeps extends CreateEndpointDeps {
  handlers: Pick<Handlers, 'unary'>;
  store: Pick<Store, 'inTenant' | 'acrossTenants'>;
  view: Pick<RegistryView, 'tenant' | 'catchUp'>;
}
