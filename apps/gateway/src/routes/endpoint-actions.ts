import { z } from 'zod';
import { DispatcherServiceService as Dispatcher, RegistryServiceService as Registry } from '@bellwire/contracts';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import { attempt, toAttempt } from '../resources/attempt.ts';
import { endpoint, endpointWithSecret, toEndpoint, toEndpointWithSecret } from '../resources/endpoint.ts';
import { noBody, noQuery, sized } from '../resources/members.ts';

const ofEndpoint = z.strictObject({ id: z.string() });

/** A test answers when the receiver has, and an endpoint may set a time-out of 60 s: that, and the way there and back. */
export const testTimeoutMs = 65_000;

const testEndpoint: Route = (app, { dispatcher }) =>
  app.route({
    method: 'POST',
    url: '/v1/endpoints/:id/test',
    schema: {
      summary: 'Send a test event',
      description: 'Sends one event now, outside limits, and answers with what came of it.',
      operationId: 'testEndpoint',
      tags: ['Endpoints'],
      params: ofEndpoint,
      querystring: noQuery,
      body: z
        .strictObject({
          event_type: z.string().nullish().describe('bellwire.test where absent; no other that begins with bellwire.'),
          data: z.unknown().optional().describe('{"test":true} where absent.'),
        })
        .optional(),
      response: { 200: attempt },
    },
    handler: async (request) => {
      const wanted = {
        endpointId: request.params.id,
        eventType: request.body?.event_type ?? '',
        data: request.bodyMembers?.get('data') ?? '',
      };
      const options = { ...callerOf(request), timeoutMs: testTimeoutMs };
      const { attempt: made } = await dispatcher.unary(Dispatcher.sendTest, wanted, options);
      if (made === undefined) throw new Error('dispatcher left out the attempt');
      return toAttempt(made);
    },
  });

const rotateSecret: Route = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/v1/endpoints/:id/rotate-secret',
    schema: {
      summary: 'Rotate the secret of an endpoint',
      description:
        'The old secret signs beside the new one until the overlap ends. The new one is in this answer only.',
      operationId: 'rotateSecret',
      tags: ['Endpoints'],
      params: ofEndpoint,
      querystring: noQuery,
      body: z
        .strictObject({
          secret: z.string().nullish().describe('Made by Bellwire where absent.'),
          overlap_seconds: z
            .int()
            .min(0)
            .max(4_294_967_295)
            .meta({ maximum: 604_800 })
            .nullish()
            .describe(
              '24 hours where absent; 0: the old one ends at once. ' +
                'At most five secrets sign, the new one among them: a further rotation ends the oldest before its time.',
            ),
        })
        .optional(),
      response: { 200: endpointWithSecret },
    },
    handler: async (request) => {
      const { secret, overlap_seconds } = request.body ?? {};
      const wanted = {
        id: request.params.id,
        secret: secret ?? undefined,
        overlapSeconds: overlap_seconds ?? undefined,
      };
      return toEndpointWithSecret(await registry.unary(Registry.rotateSecret, wanted, callerOf(request)));
    },
  });

const enableEndpoint: Route = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/v1/endpoints/:id/enable',
    schema: {
      summary: 'Enable an endpoint',
      description: 'Deliveries that were held are resumed.',
      operationId: 'enableEndpoint',
      tags: ['Endpoints'],
      params: ofEndpoint,
      querystring: noQuery,
      body: noBody,
      response: { 200: endpoint },
    },
    handler: async (request) =>
      toEndpoint(await registry.unary(Registry.enableEndpoint, { id: request.params.id }, callerOf(request))),
  });

const disableEndpoint: Route = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/v1/endpoints/:id/disable',
    schema: {
      summary: 'Disable an endpoint',
      description: 'New events are skipped, waiting deliveries are held.',
      operationId: 'disableEndpoint',
      tags: ['Endpoints'],
      params: ofEndpoint,
      querystring: noQuery,
      body: z.strictObject({ reason: sized(0, 200).nullish().describe('requested_by_user where absent.') }).optional(),
      response: { 200: endpoint },
    },
    handler: async (request) => {
      const wanted = { id: request.params.id, reason: request.body?.reason ?? '' };
      return toEndpoint(await registry.unary(Registry.disableEndpoint, wanted, callerOf(request)));
    },
  });

/** What can be done with an endpoint beside changing it. */
export const endpointActionRoutes: readonly Route[] = [testEndpoint, rotateSecret, enableEndpoint, disableEndpoint];
