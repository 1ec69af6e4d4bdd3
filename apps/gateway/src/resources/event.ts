import { z } from 'zod';
import { fromProto, type Event, type PublishRequest } from '@bellwire/contracts';
import { JsonText } from '../json-text.ts';
import { deliveryStatus } from './delivery.ts';
import { givenTime, known, orNull, sized, textMap, time, timeText } from './members.ts';

export const listedEvent = z
  .object({
    id: z.string(),
    type: z.string(),
    subject: z.string().nullable(),
    data: z.unknown().describe('As published, without white space.'),
    occurred_at: time,
    accepted_at: time,
  })
  .meta({ id: 'ListedEvent', description: 'An event without its deliveries.' });

export const event = listedEvent
  .extend({
    deliveries: z.array(
      z.object({
        id: z.string(),
        endpoint_id: z.string(),
        status: deliveryStatus,
        reason: z.string().nullable().describe('Why it is where it is.'),
      }),
    ),
    excluded_counts: z
      .record(z.string(), z.int())
      .describe(
        'How many endpoints were not owed it, by reason: event_type, subject, filter, test_mode, created_later, ' +
          'unreadable. Empty for a key with a subject.',
      ),
  })
  .meta({ id: 'Event', description: 'One thing that happened.' });

/** An id that the publisher gives: without control characters. */
const publisherId = sized(1, 255);

export const newEvent = z
  .strictObject({
    type: z
      .string()
      .meta({ maxLength: 128, pattern: '^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$' })
      .describe('Dotted name, such as invoice.paid.'),
    data: z
      .unknown()
      .refine((value) => value !== undefined, 'is required')
      .describe('Any JSON value; its text is kept, numbers and key order untouched.'),
    subject: publisherId.nullish().describe('The user whom it is about.'),
    idempotency_key: publisherId
      .nullish()
      .describe(
        'The same key and body within 72 hours is the same event: it is answered with the same id. ' +
          'An API key with a subject has its own: apart from those of the tenant and of other subjects.',
      ),
    ordering_key: publisherId
      .nullish()
      .describe('Events with the same key are routed in the order of their acceptance.'),
    occurred_at: givenTime.nullish().describe('When it happened; the time of acceptance where absent.'),
    action_urls: textMap
      .meta({ maxProperties: 20 })
      .nullish()
      .describe('Links that some dialects show beside the data, by name.'),
  })
  .meta({
    examples: [
      {
        type: 'invoice.paid',
        data: { invoice: 'inv_42', amount: 120.5 },
        subject: 'user_7',
        idempotency_key: 'invoice-inv_42-paid',
        occurred_at: '2026-01-31T12:00:00Z',
      },
    ],
  });

export const toListedEvent = (message: Event): z.infer<typeof listedEvent> => ({
  id: message.id,
  type: message.type,
  subject: message.subject ?? null,
  data: new JsonText(message.data),
  occurred_at: timeText(message.occurredAt),
  accepted_at: timeText(message.acceptedAt),
});

/** @throws Error where the service left it out */
export const toEvent = (message: Event | undefined): z.infer<typeof event> => {
  if (message === undefined) throw new Error('audit left out the event');
  return {
    ...toListedEvent(message),
    deliveries: message.deliveries.map(({ id, endpointId, status, reason }) => ({
      id,
      endpoint_id: endpointId,
      status: known(fromProto.status(status)),
      reason: orNull(reason),
    })),
    excluded_counts: message.excludedCounts,
  };
};

/** @param dataText the member `data` as it is written in the body, minified */
export const fromNewEvent = (given: z.infer<typeof newEvent>, dataText: string): PublishRequest => ({
  type: given.type,
  data: dataText,
  subject: given.subject ?? undefined,
  idempotencyKey: given.idempotency_key ?? undefined,
  orderingKey: given.ordering_key ?? undefined,
  occurredAt: given.occurred_at ?? undefined,
  actionUrls: given.action_urls ?? {},
});
