import { bodySignature } from '@bellwire/signing';
import { notelyEvents } from './catalogues/notely.ts';
import type { Dialect } from './dialect.ts';
import { scheduleOf, type Growth } from './schedule.ts';

const growth: Growth = { grows: 'by_power', base: 2, capSeconds: 60 * 60 };

/**
 * Webhooks of Notely (docs/dialects/notely.md). The delivery id goes into a header that its document does not have:
 * nothing else lets a receiver tell a duplicate.
 */
export const notely: Dialect = {
  name: 'notely',
  envelope: {
    from: 'object',
    fields: [
      { name: 'event_type', source: { from: 'event_type' } },
      { name: 'data', source: { from: 'data' } },
    ],
  },
  contentType: 'application/json',
  userAgent: 'Bellwire/1.0',
  headers: [{ name: 'X-Webhook-Delivery-Id', value: '{deliveryId}' }],
  signature: bodySignature('notely', { name: 'X-Webhook-Signature', each: 'sha256={signature}' }),
  retry: { scheduleSeconds: scheduleOf(growth, 3), retryOn: 'any_failure', jitter: 0 },
  retryCount: { growth, most: 10 },
  timeoutMs: 10_000,
  retentionDays: 30,
  eventTypePolicy: 'strict',
  catalogue: notelyEvents,
  takes: 'object',
  representable: 'json_round_trip',
  nonAsciiWarning:
    "The data is not plain ASCII: receivers that verify with the document's Python code refuse it, those with its Node.js code do not.",
};
