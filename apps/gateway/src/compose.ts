import type { ServiceContext } from '@bellwire/service';
import { makeBytesInFlight } from './bytes-in-flight.ts';
import type { Readiness } from './routes/health.ts';
import { startGateway } from './start-gateway.ts';

/** The gateway, from what it needs of the context of its process: it reads no log and no database. */
export const composeGateway = (
  context: Pick<ServiceContext, 'scope' | 'log' | 'clock' | 'settings' | 'channelTo' | 'onFailure'>,
  isReady: () => Promise<Readiness>,
): Promise<{ port: number }> => {
  const { settings, channelTo } = context;
  return startGateway({
    ...context,
    host: settings.BELLWIRE_HOST,
    port: settings.BELLWIRE_HTTP_PORT,
    services: {
      registry: channelTo('registry'),
      ingestion: channelTo('ingestion'),
      dispatcher: channelTo('dispatcher'),
      audit: channelTo('audit'),
    },
    requestsPerMinute: settings.BELLWIRE_REQUESTS_PER_MINUTE,
    maxPayloadBytes: settings.BELLWIRE_MAX_PAYLOAD_BYTES,
    bytesInFlight: makeBytesInFlight(settings.BELLWIRE_MAX_REQUEST_BYTES_IN_FLIGHT),
    isReady,
  });
};
