import { standardWebhooks } from '@bellwire/signing';
import type { Dialect } from './dialect.ts';

const minute = 60;
const hour = 60 * minute;

/**
 * Standard Webhooks 1.0: envelope, headers, signature and schedule as the specification suggests them.
 * Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
 */
export const standard: Dialect = {
  name: 'standard',
  envelope: {
    from: 'object',
    fields: [
      { name: 'type', source: { from: 'event_type' } },
      { name: 'timestamp', source: { from: 'time', of: 'occurred', as: 'iso_milliseconds' } },
      { name: 'data', source: { from: 'data' } },
    ],
  },
  contentType: 'application/json',
  userAgent: 'Bellwire/1.0',
  headers: [],
  signature: standardWebhooks,
  retry: {
    scheduleSeconds: [5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour],
    retryOn: 'any_failure',
    jitter: 0.2,
  },
  timeoutMs: 15_000,
  eventTypePolicy: 'open',
  catalogue: [],
  representable: 'any',
};
