import type { Scope } from '@bellwire/lifecycle';
import { openChannel, type RpcChannel } from '@bellwire/rpc';
import type { ServiceName } from './service-name.ts';

/** Channels to the other services, opened at the first call to each and shared within the process. */
export const channelsTo = (scope: Scope, addressOf: (service: ServiceName) => string) => {
  const channels = new Map<ServiceName, RpcChannel>();
  return (service: ServiceName): RpcChannel => {
    const known = channels.get(service);
    if (known !== undefined) return known;
    const opened = scope.own(`channel to ${service}`, openChannel(addressOf(service)));
    channels.set(service, opened);
    return opened;
  };
};
