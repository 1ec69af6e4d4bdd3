import { z } from 'zod';
import { fromProto, ListDeliveriesRequest, toProto, type DeadLetter, type Delivery } from '@bellwire/contracts';
import { deliveryStatuses } from '@bellwire/domain';
import { attempt, outcome, toAttempt } from './attempt.ts';
import { givenTime, known, optionalTimeText, orNull, page, pageOf, time, timeText } from './members.ts';

export const deliveryStatus = z.enum(deliveryStatuses);

export const listedDelivery = z
  .object({
    id: z.string(),
    event_id: z.string(),
    event_type: z.string(),
    endpoint_id: z.string(),
    subject: z.string().nullable().describe('Of the event.'),
    status: deliveryStatus,
    reason: z.string().nullable().describe('Why it is where it is.'),
    round: z.int().describe('From 1; a redelivery opens the next.'),
    attempt_count: z.int(),
    next_attempt_at: time.nullable(),
    created_at: time,
    completed_at: time.nullable(),
  })
  .meta({ id: 'ListedDelivery', description: 'A delivery without its attempts.' });

export const delivery = listedDelivery
  .extend({ attempts: z.array(attempt) })
  .meta({ id: 'Delivery', description: 'One event owed to one endpoint.' });

export const deadLetter = listedDelivery
  .extend({
    dead_lettered_at: time,
    last_outcome: outcome.nullable(),
    last_response_status: z.int().nullable(),
    last_error: z.string().nullable(),
  })
  .meta({ id: 'DeadLetter', description: 'A delivery that will not be tried again by itself; id is the delivery id.' });

/** Filters of deliveries and dead letters. */
export const deliveryFilters = z.strictObject({
  endpoint: z.string().optional().describe('Id of the endpoint.'),
  status: deliveryStatus.optional(),
  event_type: z.string().optional(),
  subject: z.string().optional().describe('Of the event.'),
  event: z.string().optional().describe('Id of the event.'),
  since: givenTime.optional().describe('Accepted at this time or later.'),
  until: givenTime.optional().describe('Accepted before this time.'),
  ...page,
});

export const fromDeliveryFilters = (given: z.infer<typeof deliveryFilters>): ListDeliveriesRequest =>
  ListDeliveriesRequest.fromPartial({
    endpointId: given.endpoint,
    status: given.status === undefined ? undefined : toProto.status[given.status],
    eventType: given.event_type,
    subject: given.subject,
    eventId: given.event,
    since: given.since,
    until: given.until,
    ...pageOf(given),
  });

export const toListedDelivery = (message: Delivery): z.infer<typeof listedDelivery> => ({
  id: message.id,
  event_id: message.eventId,
  event_type: message.eventType,
  endpoint_id: message.endpointId,
  subject: message.subject ?? null,
  status: known(fromProto.status(message.status)),
  reason: orNull(message.reason),
  round: message.round,
  attempt_count: message.attemptCount,
  next_attempt_at: optionalTimeText(message.nextAttemptAt),
  created_at: timeText(message.createdAt),
  completed_at: optionalTimeText(message.completedAt),
});

/** @throws Error where the service left it out */
export const toDelivery = (message: Delivery | undefined): z.infer<typeof delivery> => {
  if (message === undefined) throw new Error('audit left out the delivery');
  return { ...toListedDelivery(message), attempts: message.attempts.map(toAttempt) };
};

/** @throws Error where the service left out the delivery */
export const toDeadLetter = (message: DeadLetter): z.infer<typeof deadLetter> => {
  if (message.delivery === undefined) throw new Error('audit left out the delivery');
  return {
    ...toListedDelivery(message.delivery),
    dead_lettered_at: timeText(message.deadLetteredAt),
    last_outcome: fromProto.outcome(message.lastOutcome) ?? null,
    last_response_status: message.lastResponseStatus ?? null,
    last_error: message.lastError ?? null,
  };
};
