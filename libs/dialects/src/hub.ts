import { bodySignature } from '@bellwire/signing';
import { hubEvents } from './catalogues/hub.ts';
import type { Dialect } from './dialect.ts';
import { scheduleOf, type Growth } from './schedule.ts';

const growth: Growth = { grows: 'by_power', base: 5, capSeconds: 60 * 60 };

/** The task hub's webhooks (docs/dialects/hub.md): the data alone is the body. */
export const hub: Dialect = {
  name: 'hub',
  envelope: { from: 'data' },
  contentType: 'application/json',
  userAgent: 'Bellwire/1.0',
  headers: [
    { name: 'X-Webhook-ID', value: '{endpointId}' },
    { name: 'X-Delivery-ID', value: '{deliveryId}' },
    { name: 'X-Event-Type', value: '{eventType}' },
  ],
  signature: bodySignature('hub', { name: 'X-Hub-Signature', each: 'sha256={signature}' }),
  retry: { scheduleSeconds: scheduleOf(growth, 3), retryOn: 'any_failure', jitter: 0 },
  retryCount: { growth, most: 10 },
  timeoutMs: 10_000,
  rateLimit: { limit: 60, periodSeconds: 60 },
  eventTypePolicy: 'strict',
  catalogue: hubEvents,
  // What express.json() takes, which the receiver of the document has.
  takes: 'object_or_list',
  representable: 'json_round_trip',
};
