import { z } from 'zod';
import { AuditServiceService as Audit, DispatcherServiceService as Dispatcher } from '@bellwire/contracts';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import {
  delivery,
  deliveryFilters,
  fromDeliveryFilters,
  listedDelivery,
  toDelivery,
  toListedDelivery,
} from '../resources/delivery.ts';
import { noBody, noQuery, orNull, recordedListOf, timeText } from '../resources/members.ts';

const ofDelivery = z.strictObject({ id: z.string() });

const listDeliveries: Route = (app, { audit }) =>
  app.route({
    method: 'GET',
    url: '/v1/deliveries',
    schema: {
      summary: 'List deliveries, newest first',
      operationId: 'listDeliveries',
      tags: ['Deliveries'],
      querystring: deliveryFilters,
      response: { 200: recordedListOf(listedDelivery) },
    },
    handler: async (request) => {
      const answer = await audit.unary(Audit.listDeliveries, fromDeliveryFilters(request.query), callerOf(request));
      return {
        data: answer.deliveries.map(toListedDelivery),
        next_cursor: orNull(answer.nextCursor),
        as_of: timeText(answer.asOf),
      };
    },
  });

const getDelivery: Route = (app, { audit }) =>
  app.route({
    method: 'GET',
    url: '/v1/deliveries/:id',
    schema: {
      summary: 'Read a delivery and its attempts',
      operationId: 'getDelivery',
      tags: ['Deliveries'],
      params: ofDelivery,
      querystring: noQuery,
      response: { 200: delivery },
    },
    handler: async (request) => {
      const answer = await audit.unary(Audit.getDelivery, { id: request.params.id }, callerOf(request));
      return toDelivery(answer.delivery);
    },
  });

const redeliver: Route = (app, { dispatcher }) =>
  app.route({
    method: 'POST',
    url: '/v1/deliveries/:id/redeliver',
    schema: {
      summary: 'Redeliver',
      description: 'Opens the next round of the delivery, whatever its state; a retry that still waits is superseded.',
      operationId: 'redeliver',
      tags: ['Deliveries'],
      params: ofDelivery,
      querystring: noQuery,
      body: noBody,
      response: { 202: z.object({ id: z.string(), round: z.int() }) },
    },
    handler: async (request, reply) => {
      const wanted = { deliveryId: request.params.id, deadLetterOnly: false };
      const opened = await dispatcher.unary(Dispatcher.redeliver, wanted, callerOf(request));
      return reply.code(202).send({ id: opened.deliveryId, round: opened.round });
    },
  });

const cancel: Route = (app, { dispatcher }) =>
  app.route({
    method: 'POST',
    url: '/v1/deliveries/:id/cancel',
    schema: {
      summary: 'Cancel a delivery that waits',
      description:
        'It ends as cancelled within a few seconds; a request that is under way by then may still succeed. 409 with reason WRONG_STATE where it has ended. Redelivering it opens its next round.',
      operationId: 'cancelDelivery',
      tags: ['Deliveries'],
      params: ofDelivery,
      querystring: noQuery,
      body: noBody,
      response: { 202: z.object({ id: z.string() }) },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      await dispatcher.unary(Dispatcher.cancel, { deliveryId: id }, callerOf(request));
      return reply.code(202).send({ id });
    },
  });

/** What became of events at each endpoint. */
export const deliveryRoutes: readonly Route[] = [listDeliveries, getDelivery, redeliver, cancel];
