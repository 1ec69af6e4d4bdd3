import { bodySignature } from '@bellwire/signing';
import { contribuxEvents } from './catalogues/contribux.ts';
import type { Dialect } from './dialect.ts';

/**
 * Notification webhooks of contribux (docs/dialects/contribux.md). Its document gives no schedule; 10 s is how long it
 * lets receivers take.
 */
export const contribux: Dialect = {
  name: 'contribux',
  envelope: {
    from: 'object',
    fields: [
      { name: 'event', source: { from: 'event_type' } },
      { name: 'timestamp', source: { from: 'time', of: 'occurred', as: 'iso_seconds' } },
      { name: 'user_id', source: { from: 'subject', absent: 'null' } },
      { name: 'data', source: { from: 'data' } },
      { name: 'action_urls', source: { from: 'action_urls' } },
    ],
  },
  contentType: 'application/json',
  userAgent: 'Contribux-Webhooks/1.0',
  headers: [
    { name: 'X-Contribux-Event', value: '{eventType}' },
    { name: 'X-Contribux-Delivery', value: '{deliveryId}' },
  ],
  signature: bodySignature('contribux', { name: 'X-Contribux-Signature', each: 'sha256={signature}' }),
  retry: { scheduleSeconds: [5, 5 * 60, 30 * 60, 2 * 60 * 60], retryOn: 'any_failure', jitter: 0 },
  timeoutMs: 10_000,
  eventTypePolicy: 'strict',
  catalogue: contribuxEvents,
  takes: 'object',
  representable: 'any',
  filterShorthands: [
    { name: 'min_match_score', path: 'data.match_analysis.overall_score', compares: 'at_least' },
    { name: 'difficulty_levels', path: 'data.opportunity.difficulty', compares: 'one_of' },
    { name: 'languages', path: 'data.opportunity.repository.language', compares: 'one_of' },
  ],
};
