import { z } from 'zod';
import { fromProto, type Missing, type ReconcileResponse } from '@bellwire/contracts';
import { deliveryStatus } from './delivery.ts';
import { known, optionalTimeText, orNull, recordedListOf, time, timeText } from './members.ts';

const missing = z
  .object({
    delivery_id: z.string().nullable().describe('null: the event was never fanned out, and has no delivery.'),
    event_id: z.string(),
    event_type: z.string(),
    endpoint_id: z.string().nullable(),
    tenant_id: z.string(),
    subject: z.string().nullable().describe('Of the event.'),
    status: deliveryStatus.nullable(),
    reason: z.string().nullable(),
    round: z.int().nullable(),
    attempt_count: z.int(),
    next_attempt_at: time.nullable().describe('When it should have been tried again.'),
    accepted_at: time,
    last_change_at: time,
    found_at: time.describe('When a check found it first.'),
  })
  .meta({
    id: 'Missing',
    description: 'A delivery that is past its time and has not ended, or an event, that nothing works on any more.',
  });

export const reconciliation = recordedListOf(missing)
  .extend({
    missing_count: z.int().describe('On all pages.'),
    checked_at: time.describe('When the check began that found them.'),
    under_way: z.boolean().describe('A newer check takes long and goes on: ask again.'),
  })
  .meta({ id: 'Reconciliation', description: 'What was accepted and is lost. Empty where all is well.' });

const toMissing = (message: Missing): z.infer<typeof missing> => ({
  delivery_id: message.deliveryId ?? null,
  event_id: message.eventId,
  event_type: message.eventType,
  endpoint_id: message.endpointId ?? null,
  tenant_id: message.tenantId,
  subject: message.subject ?? null,
  status: message.deliveryId === undefined ? null : known(fromProto.status(message.status)),
  reason: orNull(message.reason),
  round: message.deliveryId === undefined ? null : message.round,
  attempt_count: message.attemptCount,
  next_attempt_at: optionalTimeText(message.nextAttemptAt),
  accepted_at: timeText(message.acceptedAt),
  last_change_at: timeText(message.lastChangeAt),
  found_at: timeText(message.foundAt),
});

/** @throws Error where the service left something out */
export const toReconciliation = (message: ReconcileResponse): z.infer<typeof reconciliation> => ({
  data: message.missing.map(toMissing),
  next_cursor: orNull(message.nextCursor),
  as_of: timeText(message.asOf),
  missing_count: message.missingCount,
  checked_at: timeText(message.checkedAt),
  under_way: message.underWay,
});
