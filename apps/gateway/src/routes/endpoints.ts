import { z } from 'zod';
import { RegistryServiceService as Registry } from '@bellwire/contracts';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import {
  endpoint,
  endpointChanges,
  endpointWithSecret,
  fromEndpointChanges,
  fromNewEndpoint,
  newEndpoint,
  toEndpoint,
  toEndpointWithSecret,
} from '../resources/endpoint.ts';
import { listOf, noBody, noQuery, orNull, page, pageOf } from '../resources/members.ts';

const ofEndpoint = z.strictObject({ id: z.string() });

const createEndpoint: Route = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/v1/endpoints',
    schema: {
      summary: 'Create an endpoint',
      description:
        'It receives every event whose publish call starts after this one has returned. The secret is in this answer only.',
      operationId: 'createEndpoint',
      tags: ['Endpoints'],
      querystring: noQuery,
      body: newEndpoint,
      response: { 201: endpointWithSecret },
    },
    handler: async (request, reply) => {
      const wanted = fromNewEndpoint(request.body, request.bodyMembers?.get('filter'));
      const created = await registry.unary(Registry.createEndpoint, wanted, callerOf(request));
      return reply.code(201).send(toEndpointWithSecret(created));
    },
  });

const listEndpoints: Route = (app, { registry }) =>
  app.route({
    method: 'GET',
    url: '/v1/endpoints',
    schema: {
      summary: 'List endpoints',
      operationId: 'listEndpoints',
      tags: ['Endpoints'],
      querystring: z.strictObject({ subject: z.string().optional(), ...page }),
      response: { 200: listOf(endpoint) },
    },
    handler: async (request) => {
      const wanted = { subject: request.query.subject, ...pageOf(request.query) };
      const answer = await registry.unary(Registry.listEndpoints, wanted, callerOf(request));
      return { data: answer.endpoints.map(toEndpoint), next_cursor: orNull(answer.nextCursor) };
    },
  });

const getEndpoint: Route = (app, { registry }) =>
  app.route({
    method: 'GET',
    url: '/v1/endpoints/:id',
    schema: {
      summary: 'Read an endpoint',
      operationId: 'getEndpoint',
      tags: ['Endpoints'],
      params: ofEndpoint,
      querystring: noQuery,
      response: { 200: endpoint },
    },
    handler: async (request) =>
      toEndpoint(await registry.unary(Registry.getEndpoint, { id: request.params.id }, callerOf(request))),
  });

const updateEndpoint: Route = (app, { registry }) =>
  app.route({
    method: 'PATCH',
    url: '/v1/endpoints/:id',
    schema: {
      summary: 'Change an endpoint',
      description: 'Members that are given are replaced as a whole, null clears.',
      operationId: 'updateEndpoint',
      tags: ['Endpoints'],
      params: ofEndpoint,
      querystring: noQuery,
      body: endpointChanges,
      response: { 200: endpoint },
    },
    handler: async (request) => {
      const filterText = request.bodyMembers?.get('filter');
      const changes = fromEndpointChanges(request.params.id, request.body, filterText);
      return toEndpoint(await registry.unary(Registry.updateEndpoint, changes, callerOf(request)));
    },
  });

const deleteEndpoint: Route = (app, { registry }) =>
  app.route({
    method: 'DELETE',
    url: '/v1/endpoints/:id',
    schema: {
      summary: 'Delete an endpoint',
      description: 'Deliveries that wait for it are cancelled.',
      operationId: 'deleteEndpoint',
      tags: ['Endpoints'],
      params: ofEndpoint,
      querystring: noQuery,
      body: noBody,
      response: { 204: z.undefined().describe('Deleted.') },
    },
    handler: async (request, reply) => {
      await registry.unary(Registry.deleteEndpoint, { id: request.params.id }, callerOf(request));
      return reply.code(204).send();
    },
  });

/** Endpoints: create, read, change, delete. What else can be done with one is in endpoint-actions.ts. */
export const endpointRoutes: readonly Route[] = [
  createEndpoint,
  listEndpoints,
  getEndpoint,
  updateEndpoint,
  deleteEndpoint,
];
