import { AuditServiceService, RegistryServiceService, type EndpointState } from '@bellwire/contracts';
import { noSuch } from '@bellwire/errors';
import type { Logger } from '@bellwire/lifecycle';
import type { RpcChannel } from '@bellwire/rpc';
import type { DisableEndpoint, History } from './ports.ts';

/** Audit's answers about one tenant, asked with the admin key: the caller was authorised before. */
export const historyOf = (audit: () => RpcChannel, adminKey: string): History => ({
  delivery: async (tenantId, id) => {
    const { delivery } = await audit().unary(
      AuditServiceService.getDelivery,
      { id },
      { bearer: adminKey, tenant: tenantId },
    );
    if (delivery === undefined) throw noSuch('delivery');
    return delivery;
  },
  event: async (tenantId, id) => {
    const { event } = await audit().unary(AuditServiceService.getEvent, { id }, { bearer: adminKey, tenant: tenantId });
    if (event === undefined) throw noSuch('event');
    return event;
  },
});

export const disablingThrough =
  (registry: () => RpcChannel, adminKey: string, log: Logger): DisableEndpoint =>
  async ({ tenantId, endpoint }: EndpointState, reason) => {
    const id = endpoint?.id ?? '';
    const options = { bearer: adminKey, tenant: tenantId };
    try {
      const now = await registry().unary(RegistryServiceService.disableEndpoint, { id, reason }, options);
      log.info({ tenant_id: tenantId, endpoint_id: id, reason: now.disabledReason }, 'endpoint.disabled');
      return now.disabledReason === reason;
    } catch (error) {
      log.warn({ tenant_id: tenantId, endpoint_id: id, err: error }, 'endpoint.disable_failed');
      return false;
    }
  };
