import { z } from 'zod';
import {
  DispatcherServiceService as Dispatcher,
  Outcome,
  RegistryServiceService as Registry,
} from '@bellwire/contracts';
import { isOperational } from '@bellwire/domain';
import { invalidField } from '@bellwire/errors';
import { JsonText } from '../../json-text.ts';
import { testTimeoutMs } from '../../routes/endpoint-actions.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { ofEndpoint } from '../endpoints.ts';
import { attempt, toAttempt } from './attempt.ts';

/**
 * The event that was asked for, else the first of the webhook.
 * @throws Fault INVALID_FIELD for one that the webhook does not name
 */
const eventOf = (events: readonly string[], asked: string | undefined): string => {
  // A webhook that was made through /v1 may have patterns, and what only Bellwire tells.
  const named = events.filter((name) => !name.includes('*') && !isOperational(name));
  if (asked !== undefined && !named.includes(asked)) {
    throw invalidField('event', `must be one of the events of the webhook: ${named.join(', ')}`);
  }
  // Dispatcher has a type for tests that name none.
  return asked ?? named[0] ?? '';
};

/** Sends the body of the call as the data of an event, now, and answers with what came of it. */
export const testWebhook: DialectRoute = (app, { registry, dispatcher }) =>
  app.route({
    method: 'POST',
    url: '/api/webhooks/:id/test',
    schema: {
      params: ofEndpoint,
      querystring: z.strictObject({ event: z.string().optional() }),
      // What express.json() takes, which the receiver of the document has.
      body: z
        .unknown()
        .refine((data) => typeof data === 'object', 'must be an object or a list')
        .optional(),
      response: {
        200: attempt.extend({
          deliveryId: z.string(),
          event: z.string(),
          success: z.boolean(),
          /** What was sent. */
          payload: z.unknown(),
        }),
      },
    },
    handler: async ({ params, query, bodyText: data = '', who }) => {
      const { eventTypes } = await registry.unary(Registry.getEndpoint, { id: params.id }, who);
      const wanted = {
        endpointId: params.id,
        eventType: eventOf(eventTypes, query.event),
        data,
      };
      const options = { ...who, timeoutMs: testTimeoutMs };
      const { attempt: made, body: sent } = await dispatcher.unary(Dispatcher.sendTest, wanted, options);
      if (made === undefined) throw new Error('dispatcher left out the attempt');
      return {
        deliveryId: made.deliveryId,
        event: made.eventType,
        success: made.outcome === Outcome.DELIVERED,
        payload: new JsonText(sent),
        ...toAttempt(made),
      };
    },
  });
