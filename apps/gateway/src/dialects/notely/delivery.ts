import { z } from 'zod';
import { fromProto, type Attempt, type Delivery } from '@bellwire/contracts';
import { known, optionalTimeText, orNull, time, timeText } from '../../resources/members.ts';
import { deliveryStatus, statusWords } from './counts.ts';

export const delivery = z.object({
  id: z.string().describe('As in X-Webhook-Delivery-Id.'),
  subscription_id: z.string(),
  event_id: z.string(),
  event_type: z.string(),
  status: deliveryStatus,
  attempt_count: z.int(),
  response_status_code: z.int().nullable().describe('Of the last attempt.'),
  error_message: z.string().nullable().describe('Why the last attempt failed, or why there was none.'),
  created_at: time,
  first_attempted_at: time.nullable(),
  last_attempted_at: time.nullable(),
  next_retry_at: time.nullable(),
  completed_at: time.nullable(),
});

const startOf = (attempt: Attempt | undefined): string | null =>
  attempt === undefined ? null : new Date(attempt.startedAtMs).toISOString();

/** Why an attempt failed; null where it did not. */
export const errorOf = (attempt: Attempt): string | null => {
  if (fromProto.outcome(attempt.outcome) === 'delivered') return null;
  return attempt.error ?? `The webhook answered ${attempt.responseStatus ?? 'nothing'}.`;
};

/** @param message with its attempts */
export const toDelivery = (message: Delivery): z.infer<typeof delivery> => {
  const last = message.attempts.at(-1);
  return {
    id: message.id,
    subscription_id: message.endpointId,
    event_id: message.eventId,
    event_type: message.eventType,
    status: statusWords[known(fromProto.status(message.status))],
    attempt_count: message.attemptCount,
    response_status_code: last?.responseStatus ?? null,
    error_message: last === undefined ? orNull(message.reason) : errorOf(last),
    created_at: timeText(message.createdAt),
    first_attempted_at: startOf(message.attempts[0]),
    last_attempted_at: startOf(last),
    next_retry_at: optionalTimeText(message.nextAttemptAt),
    completed_at: optionalTimeText(message.completedAt),
  };
};

export const testResult = z.object({
  success: z.boolean(),
  message: z.string(),
  status_code: z.int().nullable(),
  response_body: z.string().nullable(),
  delivery_id: z.string(),
});

export const toTestResult = (attempt: Attempt): z.infer<typeof testResult> => {
  const error = errorOf(attempt);
  return {
    success: error === null,
    message: error ?? 'The webhook received the test.',
    status_code: attempt.responseStatus ?? null,
    response_body: attempt.responseBody ?? null,
    delivery_id: attempt.deliveryId,
  };
};
