import type { ServiceContext } from '@bellwire/service';
import { startRegistry } from './start-registry.ts';

/** Registry, from the context of its process. */
export const composeRegistry = (context: ServiceContext): Promise<{ port: number }> => {
  const { settings } = context;
  return startRegistry({
    ...context,
    host: settings.BELLWIRE_HOST,
    port: settings.BELLWIRE_REGISTRY_PORT,
    maxEndpoints: settings.BELLWIRE_MAX_ENDPOINTS_PER_TENANT,
    urlPolicy: {
      allowHttp: settings.BELLWIRE_EGRESS_ALLOW_HTTP,
      allowCidrs: settings.BELLWIRE_EGRESS_ALLOW_CIDRS,
    },
  });
};
