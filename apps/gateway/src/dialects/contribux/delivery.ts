import { z } from 'zod';
import { fromProto, type Delivery } from '@bellwire/contracts';
import type { DeliveryStatus } from '@bellwire/domain';
import { known } from '../../resources/members.ts';
import { errorOf } from './test-delivery.ts';
import { secondsText } from './times.ts';

export const loggedDelivery = z.object({
  delivery_id: z.string(),
  event_type: z.string(),
  delivered_at: z.string().nullable().describe('When the last attempt began; null before the first.'),
  status: z.enum(['success', 'failed', 'pending', 'skipped', 'cancelled']),
  response_code: z.int().nullable(),
  response_time_ms: z.int().nullable(),
  retry_count: z.int(),
  error_message: z.string().optional(),
  next_retry: z.string().optional(),
});

type LoggedStatus = z.infer<typeof loggedDelivery>['status'];

/** Of what was not tried. The document knows success and failed, the latter with a retry to come or without. */
const statusNames: Readonly<Record<DeliveryStatus, LoggedStatus>> = {
  pending: 'pending',
  held: 'pending',
  retrying: 'failed',
  delivered: 'success',
  dead_lettered: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

/** What was tried in vain has failed so far, whatever it waits for now or ended by. */
const statusOf = ({ status, attemptCount, attempts }: Delivery): LoggedStatus => {
  const name = statusNames[known(fromProto.status(status))];
  const last = attempts.at(-1);
  const wasInVain = attemptCount > 0 && (last === undefined || fromProto.outcome(last.outcome) !== 'delivered');
  return name !== 'success' && wasInVain ? 'failed' : name;
};

const errorMessageOf = (delivery: Delivery, status: LoggedStatus): string | undefined => {
  const last = delivery.attempts.at(-1);
  if (status === 'skipped' || status === 'cancelled') return delivery.reason;
  if (status !== 'failed') return undefined;
  return last === undefined ? delivery.reason : errorOf(last);
};

/** @param delivery with its attempts */
export const toLoggedDelivery = (delivery: Delivery): z.infer<typeof loggedDelivery> => {
  const last = delivery.attempts.at(-1);
  const status = statusOf(delivery);
  const { nextAttemptAt } = delivery;
  return {
    delivery_id: delivery.id,
    event_type: delivery.eventType,
    delivered_at: last === undefined ? null : secondsText(new Date(last.startedAtMs)),
    status,
    response_code: last?.responseStatus ?? null,
    response_time_ms: last === undefined ? null : Math.round(last.durationMs),
    retry_count: Math.max(0, delivery.attemptCount - 1),
    error_message: errorMessageOf(delivery, status),
    next_retry: status === 'failed' && nextAttemptAt !== undefined ? secondsText(nextAttemptAt) : undefined,
  };
};
