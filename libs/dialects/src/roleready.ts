import { bodySignature } from '@bellwire/signing';
import { roleReadyEvents } from './catalogues/roleready.ts';
import type { Dialect } from './dialect.ts';

/** Webhooks of RoleReady (docs/dialects/roleready.md). */
export const roleReady: Dialect = {
  name: 'roleready',
  envelope: {
    from: 'object',
    fields: [
      { name: 'event', source: { from: 'event_type' } },
      { name: 'deliveryId', source: { from: 'delivery_id' } },
      { name: 'timestamp', source: { from: 'time', of: 'occurred', as: 'iso_milliseconds' } },
      { name: 'userId', source: { from: 'subject', absent: 'null' } },
      { name: 'data', source: { from: 'data' } },
    ],
  },
  contentType: 'application/json',
  userAgent: 'RoleReady-Webhook/1.0',
  headers: [
    { name: 'X-Webhook-Event', value: '{eventType}' },
    { name: 'X-Webhook-Delivery-Id', value: '{deliveryId}' },
  ],
  signature: bodySignature('roleready', { name: 'X-Webhook-Signature', each: '{signature}' }),
  // Each answer to a change of the configuration has it.
  isSecretReadable: true,
  retry: { scheduleSeconds: [1, 5, 15], retryOn: 'any_failure', jitter: 0 },
  timeoutMs: 10_000,
  retentionDays: 90,
  eventTypePolicy: 'strict',
  catalogue: roleReadyEvents,
  takes: 'object',
  representable: 'json_round_trip',
  nonAsciiWarning:
    'The data is not plain ASCII: receivers that verify with json.dumps in Python need ensure_ascii=False to accept it.',
};
