import { z } from 'zod';
import { RegistryServiceService as Registry } from '@bellwire/contracts';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import { apiKey, createdApiKey, fromNewApiKey, newApiKey, toApiKey } from '../resources/api-key.ts';
import { listOf, noBody, noQuery, orNull, page, pageOf } from '../resources/members.ts';
import { fromNewTenant, fromTenantChanges, newTenant, tenant, tenantChanges, toTenant } from '../resources/tenant.ts';

const ofTenant = z.strictObject({ tenant: z.string() });
const ofKey = z.strictObject({ tenant: z.string(), id: z.string() });

const createTenant: Route = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/v1/tenants',
    schema: {
      summary: 'Create a tenant',
      operationId: 'createTenant',
      tags: ['Tenants'],
      querystring: noQuery,
      body: newTenant,
      response: { 201: tenant },
    },
    handler: async (request, reply) => {
      const created = await registry.unary(Registry.createTenant, fromNewTenant(request.body), callerOf(request));
      return reply.code(201).send(toTenant(created));
    },
  });

const listTenants: Route = (app, { registry }) =>
  app.route({
    method: 'GET',
    url: '/v1/tenants',
    schema: {
      summary: 'List tenants',
      operationId: 'listTenants',
      tags: ['Tenants'],
      querystring: z.strictObject(page),
      response: { 200: listOf(tenant) },
    },
    handler: async (request) => {
      const answer = await registry.unary(Registry.listTenants, pageOf(request.query), callerOf(request));
      return { data: answer.tenants.map(toTenant), next_cursor: orNull(answer.nextCursor) };
    },
  });

const getTenant: Route = (app, { registry }) =>
  app.route({
    method: 'GET',
    url: '/v1/tenants/:tenant',
    schema: {
      summary: 'Read a tenant',
      operationId: 'getTenant',
      tags: ['Tenants'],
      params: ofTenant,
      querystring: noQuery,
      response: { 200: tenant },
    },
    handler: async (request) =>
      toTenant(await registry.unary(Registry.getTenant, { id: request.params.tenant }, callerOf(request))),
  });

const updateTenant: Route = (app, { registry }) =>
  app.route({
    method: 'PATCH',
    url: '/v1/tenants/:tenant',
    schema: {
      summary: 'Change a tenant',
      description: 'Members that are given are replaced as a whole, null clears.',
      operationId: 'updateTenant',
      tags: ['Tenants'],
      params: ofTenant,
      querystring: noQuery,
      body: tenantChanges,
      response: { 200: tenant },
    },
    handler: async (request) => {
      const changes = fromTenantChanges(request.params.tenant, request.body);
      return toTenant(await registry.unary(Registry.updateTenant, changes, callerOf(request)));
    },
  });

const createApiKey: Route = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/v1/tenants/:tenant/api-keys',
    schema: {
      summary: 'Create an API key',
      description: 'The key itself is in this answer and nowhere else.',
      operationId: 'createApiKey',
      tags: ['Tenants'],
      params: ofTenant,
      querystring: noQuery,
      body: newApiKey,
      response: { 201: createdApiKey },
    },
    handler: async (request, reply) => {
      const wanted = fromNewApiKey(request.params.tenant, request.body);
      const { apiKey: created, key } = await registry.unary(Registry.createApiKey, wanted, callerOf(request));
      if (created === undefined) throw new Error('registry left out the API key');
      return reply.code(201).send({ ...toApiKey(created), key });
    },
  });

const listApiKeys: Route = (app, { registry }) =>
  app.route({
    method: 'GET',
    url: '/v1/tenants/:tenant/api-keys',
    schema: {
      summary: 'List API keys',
      operationId: 'listApiKeys',
      tags: ['Tenants'],
      params: ofTenant,
      querystring: z.strictObject(page),
      response: { 200: listOf(apiKey) },
    },
    handler: async (request) => {
      const wanted = { tenantId: request.params.tenant, ...pageOf(request.query) };
      const answer = await registry.unary(Registry.listApiKeys, wanted, callerOf(request));
      return { data: answer.apiKeys.map(toApiKey), next_cursor: orNull(answer.nextCursor) };
    },
  });

const revokeApiKey: Route = (app, { registry }) =>
  app.route({
    method: 'DELETE',
    url: '/v1/tenants/:tenant/api-keys/:id',
    schema: {
      summary: 'Revoke an API key',
      operationId: 'revokeApiKey',
      tags: ['Tenants'],
      params: ofKey,
      querystring: noQuery,
      body: noBody,
      response: { 204: z.undefined().describe('Revoked.') },
    },
    handler: async (request, reply) => {
      const { tenant: tenantId, id } = request.params;
      await registry.unary(Registry.revokeApiKey, { tenantId, id }, callerOf(request));
      return reply.code(204).send();
    },
  });

/** Tenants and their keys: for the admin. */
export const tenantRoutes: readonly Route[] = [
  createTenant,
  listTenants,
  getTenant,
  updateTenant,
  createApiKey,
  listApiKeys,
  revokeApiKey,
];
