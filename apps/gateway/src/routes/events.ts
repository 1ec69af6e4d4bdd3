import { z } from 'zod';
import {
  AuditServiceService as Audit,
  IngestionServiceService as Ingestion,
  ListEventsRequest,
} from '@bellwire/contracts';
import { invalidField } from '@bellwire/errors';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import { event, fromNewEvent, listedEvent, newEvent, toEvent, toListedEvent } from '../resources/event.ts';
import { givenTime, noQuery, orNull, page, pageOf, recordedListOf, timeText } from '../resources/members.ts';

const eventFilters = z.strictObject({
  type: z.string().optional(),
  subject: z.string().optional(),
  since: givenTime.optional().describe('Accepted at this time or later.'),
  until: givenTime.optional().describe('Accepted before this time.'),
  ...page,
});

const publishEvent: Route = (app, { ingestion, publishBodyLimit }) =>
  app.route({
    method: 'POST',
    url: '/v1/events',
    bodyLimit: publishBodyLimit,
    config: { limit: 'shown' },
    schema: {
      summary: 'Publish an event',
      description:
        'Accepted means that the event will not be lost. A repeat with the same idempotency key answers the same id.',
      operationId: 'publishEvent',
      tags: ['Events'],
      querystring: noQuery,
      body: newEvent,
      response: { 202: z.object({ id: z.string().describe('Id of the event.') }) },
    },
    handler: async (request, reply) => {
      const data = request.bodyMembers?.get('data');
      if (data === undefined) throw invalidField('data', 'is required');
      const accepted = await ingestion.unary(Ingestion.publish, fromNewEvent(request.body, data), callerOf(request));
      return reply.code(202).send({ id: accepted.eventId });
    },
  });

const listEvents: Route = (app, { audit }) =>
  app.route({
    method: 'GET',
    url: '/v1/events',
    schema: {
      summary: 'List events, newest first',
      operationId: 'listEvents',
      tags: ['Events'],
      querystring: eventFilters,
      response: { 200: recordedListOf(listedEvent) },
    },
    handler: async (request) => {
      const { type, subject, since, until } = request.query;
      const wanted = ListEventsRequest.fromPartial({ type, subject, since, until, ...pageOf(request.query) });
      const answer = await audit.unary(Audit.listEvents, wanted, callerOf(request));
      return {
        data: answer.events.map(toListedEvent),
        next_cursor: orNull(answer.nextCursor),
        as_of: timeText(answer.asOf),
      };
    },
  });

const getEvent: Route = (app, { audit }) =>
  app.route({
    method: 'GET',
    url: '/v1/events/:id',
    schema: {
      summary: 'Read an event and its deliveries',
      operationId: 'getEvent',
      tags: ['Events'],
      params: z.strictObject({ id: z.string() }),
      querystring: noQuery,
      response: { 200: event },
    },
    handler: async (request) => {
      const answer = await audit.unary(Audit.getEvent, { id: request.params.id }, callerOf(request));
      return toEvent(answer.event);
    },
  });

/** Publish events, and read what was published. */
export const eventRoutes: readonly Route[] = [publishEvent, listEvents, getEvent];
