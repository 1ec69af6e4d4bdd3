import { RegistryServiceService } from '@bellwire/contracts';
import type { ServiceContext } from '@bellwire/service';
import { startIngestion } from './start-ingestion.ts';

/** Ingestion, from the context of its process. */
export const composeIngestion = (context: ServiceContext): Promise<{ port: number }> => {
  const { settings, adminKey, channelTo } = context;
  return startIngestion({
    ...context,
    host: settings.BELLWIRE_HOST,
    port: settings.BELLWIRE_INGESTION_PORT,
    maxPayloadBytes: settings.BELLWIRE_MAX_PAYLOAD_BYTES,
    learnEventTypes: async (tenantId, names) => {
      const request = { tenantId, names: [...names] };
      await channelTo('registry').unary(RegistryServiceService.learnEventTypes, request, { bearer: adminKey });
    },
  });
};
