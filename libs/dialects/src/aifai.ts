import { bodySignature } from '@bellwire/signing';
import { aifaiEvents } from './catalogues/aifai.ts';
import type { Dialect } from './dialect.ts';
import { scheduleOf, type Growth } from './schedule.ts';

const growth: Growth = { grows: 'by_step', stepSeconds: 1 };

/**
 * Notification webhooks of AIFAI (docs/dialects/aifai.md). Of the 4xx it retries 429 alone. Delay, count and time-out are
 * settings of its tenants.
 */
export const aifai: Dialect = {
  name: 'aifai',
  envelope: {
    from: 'object',
    fields: [
      { name: 'event', source: { from: 'event_type' } },
      { name: 'notification', source: { from: 'data' } },
      { name: 'timestamp', source: { from: 'time', of: 'occurred', as: 'iso_seconds' } },
      { name: 'platform', source: { from: 'constant', value: 'aifai' } },
    ],
  },
  contentType: 'application/json',
  userAgent: 'AIFAI-Webhook/1.0',
  headers: [{ name: 'X-AIFAI-Event', value: '{eventType}' }],
  signature: bodySignature('aifai', { name: 'X-AIFAI-Signature', each: 'sha256={signature}' }),
  retry: { scheduleSeconds: scheduleOf(growth, 3), retryOn: 'transient', finalStatuses: [408, 425], jitter: 0 },
  retryCount: { growth, most: 10 },
  timeoutMs: 10_000,
  eventTypePolicy: 'strict',
  catalogue: aifaiEvents,
  takes: 'object',
  representable: 'any',
  filterShorthands: [
    { name: 'notification_types', path: 'data.notification_type', compares: 'one_of' },
    { name: 'priorities', path: 'data.priority', compares: 'one_of' },
  ],
};
