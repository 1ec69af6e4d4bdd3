import { z } from 'zod';
import { RegistryServiceService as Registry, type Endpoint } from '@bellwire/contracts';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';
import { noQuery } from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { allEndpoints, deleteEndpointAt, editWithSecret, madeBy, ofEndpoint } from '../endpoints.ts';
import { checkEvents } from './known-events.ts';
import {
  createdWebhook,
  maskOf,
  toEndpoint,
  toWebhook,
  webhook,
  webhookChanges,
  wholeWebhook,
  type WebhookChanges,
} from './webhook.ts';

const createWebhook: DialectRoute = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/api/webhooks',
    schema: { querystring: noQuery, body: wholeWebhook, response: { 201: createdWebhook } },
    handler: async ({ body, who }, reply) => {
      const endpoint = toEndpoint(body);
      await checkEvents(registry, body.events, who);
      const wanted = { endpoint, secret: body.secret, disabled: !body.active };
      const made = madeBy(await registry.unary(Registry.createEndpoint, wanted, who));
      const secret = body.secret === undefined ? made.secret : undefined;
      return reply.code(201).send({ ...toWebhook(made.endpoint), secret });
    },
  });

const listWebhooks: DialectRoute = (app, { registry }) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks',
    schema: { querystring: noQuery, response: { 200: z.array(webhook) } },
    handler: async ({ who }) => (await allEndpoints(registry, who)).map(toWebhook),
  });

const getWebhook: DialectRoute = (app, { registry }) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/:id',
    schema: { params: ofEndpoint, querystring: noQuery, response: { 200: webhook } },
    handler: async ({ params, who }) => toWebhook(await registry.unary(Registry.getEndpoint, { id: params.id }, who)),
  });

/** A new secret signs alone: the dialect has room for one signature. */
const change = async (
  registry: RpcChannel,
  id: string,
  given: WebhookChanges,
  caller: CallOptions,
): Promise<Endpoint> => {
  const edit = { endpoint: { ...toEndpoint(given), id }, updateMask: maskOf(given) };
  await checkEvents(registry, given.events, caller);
  if (given.secret === undefined) return await registry.unary(Registry.updateEndpoint, edit, caller);
  return (await editWithSecret(registry, { id, secret: given.secret, edit }, caller)).endpoint;
};

const updateWebhook: DialectRoute = (app, { registry }) =>
  app.route({
    method: 'PATCH',
    url: '/api/webhooks/:id',
    schema: { params: ofEndpoint, querystring: noQuery, body: webhookChanges, response: { 200: webhook } },
    handler: async ({ params, body, who }) => toWebhook(await change(registry, params.id, body, who)),
  });

const replaceWebhook: DialectRoute = (app, { registry }) =>
  app.route({
    method: 'PUT',
    url: '/api/webhooks/:id',
    schema: { params: ofEndpoint, querystring: noQuery, body: wholeWebhook, response: { 200: webhook } },
    handler: async ({ params, body, who }) => toWebhook(await change(registry, params.id, body, who)),
  });

export const manageRoutes: readonly DialectRoute[] = [
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  replaceWebhook,
  deleteEndpointAt('/api/webhooks/:id'),
];
