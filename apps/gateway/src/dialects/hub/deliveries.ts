import { z } from 'zod';
import {
  AuditServiceService as Audit,
  fromProto,
  ListDeliveriesRequest,
  RegistryServiceService as Registry,
  toProto,
  type Delivery,
} from '@bellwire/contracts';
import { noSuch } from '@bellwire/errors';
import { JsonText } from '../../json-text.ts';
import { deliveryStatus } from '../../resources/delivery.ts';
import {
  givenTime,
  known,
  noQuery,
  optionalTimeText,
  orNull,
  page,
  pageOf,
  time,
  timeText,
} from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { ofEndpoint } from '../endpoints.ts';
import { attempt, toAttempt } from './attempt.ts';
import { checkEventFilter } from './known-events.ts';

const delivery = z.object({
  id: z.string(),
  event: z.string(),
  eventId: z.string(),
  status: deliveryStatus,
  /** Why it waits or has ended so. */
  reason: z.string().nullable(),
  /** It was sent by the call for tests. */
  test: z.boolean(),
  retries: z.int(),
  nextRetryAt: time.nullable(),
  /** Of the last attempt. */
  error: z.string().nullable(),
  attempts: z.array(attempt),
  createdAt: time,
  completedAt: time.nullable(),
});

const deliveryWithPayload = delivery.extend({ payload: z.unknown() });

const toDelivery = (message: Delivery): z.infer<typeof delivery> => {
  const attempts = message.attempts.map(toAttempt);
  return {
    id: message.id,
    event: message.eventType,
    eventId: message.eventId,
    status: known(fromProto.status(message.status)),
    reason: orNull(message.reason),
    test: message.attempts.some(({ test }) => test),
    retries: Math.max(0, message.attemptCount - 1),
    nextRetryAt: optionalTimeText(message.nextAttemptAt),
    error: attempts.at(-1)?.error ?? null,
    attempts,
    createdAt: timeText(message.createdAt),
    completedAt: optionalTimeText(message.completedAt),
  };
};

const listDeliveries: DialectRoute = (app, { registry, audit }) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/:id/deliveries',
    schema: {
      params: ofEndpoint,
      querystring: z.strictObject({
        status: deliveryStatus.optional(),
        event: z.string().optional(),
        since: givenTime.optional(),
        until: givenTime.optional(),
        ...page,
      }),
      response: {
        200: z.object({ data: z.array(delivery), nextCursor: z.string().nullable(), asOf: time }),
      },
    },
    handler: async ({ params, query, who }) => {
      const { id } = await registry.unary(Registry.getEndpoint, { id: params.id }, who);
      await checkEventFilter(registry, query.event, who);
      const wanted = ListDeliveriesRequest.fromPartial({
        endpointId: id,
        status: query.status && toProto.status[query.status],
        eventType: query.event,
        since: query.since,
        until: query.until,
        withAttempts: true,
        withTests: true,
        ...pageOf(query),
      });
      const { deliveries, nextCursor, asOf } = await audit.unary(Audit.listDeliveries, wanted, who);
      return { data: deliveries.map(toDelivery), nextCursor: orNull(nextCursor), asOf: timeText(asOf) };
    },
  });

const getDelivery: DialectRoute = (app, { registry, audit }) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/:id/deliveries/:deliveryId',
    schema: {
      params: ofEndpoint.extend({ deliveryId: z.string() }),
      querystring: noQuery,
      response: { 200: deliveryWithPayload },
    },
    handler: async ({ params: { id, deliveryId }, who }) => {
      await registry.unary(Registry.getEndpoint, { id }, who);
      const found = (await audit.unary(Audit.getDelivery, { id: deliveryId }, who)).delivery;
      if (found?.endpointId !== id) throw noSuch('delivery');
      const shown = toDelivery(found);
      // A test is the delivery of no event: its payload was in the answer to the call.
      if (shown.test) return { ...shown, payload: null };
      const { event } = await audit.unary(Audit.getEvent, { id: found.eventId }, who);
      return { ...shown, payload: new JsonText(event?.data ?? 'null') };
    },
  });

/** The delivery dashboard: history, payloads, errors, retries. */
export const deliveryRoutes: readonly DialectRoute[] = [listDeliveries, getDelivery];
