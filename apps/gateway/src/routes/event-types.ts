import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { RegistryServiceService as Registry } from '@bellwire/contracts';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import {
  eventType,
  eventTypeChanges,
  fromEventTypeChanges,
  fromNewEventType,
  newEventType,
  toEventType,
} from '../resources/event-type.ts';
import { listOf, noBody, noQuery, orNull, page, pageOf } from '../resources/members.ts';

const ofType = z.strictObject({ name: z.string() });

const textsOf = ({ bodyMembers }: FastifyRequest) => ({
  schema: bodyMembers?.get('schema'),
  example: bodyMembers?.get('example'),
});

const createEventType: Route = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/v1/event-types',
    schema: {
      summary: 'Create an event type',
      operationId: 'createEventType',
      tags: ['Event types'],
      querystring: noQuery,
      body: newEventType,
      response: { 201: eventType },
    },
    handler: async (request, reply) => {
      const wanted = fromNewEventType(request.body, textsOf(request));
      const created = await registry.unary(Registry.createEventType, wanted, callerOf(request));
      return reply.code(201).send(toEventType(created));
    },
  });

const listEventTypes: Route = (app, { registry }) =>
  app.route({
    method: 'GET',
    url: '/v1/event-types',
    schema: {
      summary: 'List event types',
      operationId: 'listEventTypes',
      tags: ['Event types'],
      querystring: z.strictObject(page),
      response: { 200: listOf(eventType) },
    },
    handler: async (request) => {
      const answer = await registry.unary(Registry.listEventTypes, pageOf(request.query), callerOf(request));
      return { data: answer.eventTypes.map(toEventType), next_cursor: orNull(answer.nextCursor) };
    },
  });

const getEventType: Route = (app, { registry }) =>
  app.route({
    method: 'GET',
    url: '/v1/event-types/:name',
    schema: {
      summary: 'Read an event type',
      operationId: 'getEventType',
      tags: ['Event types'],
      params: ofType,
      querystring: noQuery,
      response: { 200: eventType },
    },
    handler: async (request) =>
      toEventType(await registry.unary(Registry.getEventType, { name: request.params.name }, callerOf(request))),
  });

const updateEventType: Route = (app, { registry }) =>
  app.route({
    method: 'PATCH',
    url: '/v1/event-types/:name',
    schema: {
      summary: 'Change an event type',
      description: 'Members that are given are replaced, null clears. A new schema raises the version.',
      operationId: 'updateEventType',
      tags: ['Event types'],
      params: ofType,
      querystring: noQuery,
      body: eventTypeChanges,
      response: { 200: eventType },
    },
    handler: async (request) => {
      const changes = fromEventTypeChanges(request.params.name, request.body, textsOf(request));
      return toEventType(await registry.unary(Registry.updateEventType, changes, callerOf(request)));
    },
  });

const archiveEventType: Route = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/v1/event-types/:name/archive',
    schema: {
      summary: 'Archive an event type',
      description: 'From then on publishing it is refused.',
      operationId: 'archiveEventType',
      tags: ['Event types'],
      params: ofType,
      querystring: noQuery,
      body: noBody,
      response: { 200: eventType },
    },
    handler: async (request) =>
      toEventType(await registry.unary(Registry.archiveEventType, { name: request.params.name }, callerOf(request))),
  });

/** The catalogue of event types. */
export const eventTypeRoutes: readonly Route[] = [
  createEventType,
  listEventTypes,
  getEventType,
  updateEventType,
  archiveEventType,
];
