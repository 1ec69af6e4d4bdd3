import { z } from 'zod';
import { AuditServiceService as Audit, RegistryServiceService as Registry } from '@bellwire/contracts';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';
import { noQuery } from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { allEndpoints, deleteEndpointAt, editWithSecret, madeBy, ofEndpoint } from '../endpoints.ts';
import { refuseUnknownTypes } from './event-types.ts';
import { management } from './quotas.ts';
import { firstTest } from './test-delivery.ts';
import {
  changedWebhook,
  changesOf,
  createdWebhook,
  endpointOfNew,
  listedWebhook,
  newWebhook,
  shownWebhook,
  toChangedWebhook,
  toCreatedWebhook,
  toListedWebhook,
  toShownWebhook,
  webhookChanges,
  withSecret,
} from './webhook.ts';

const collection = '/api/v1/users/me/webhooks';

const refuseUnknownEvents = (registry: RpcChannel, events: readonly string[] = [], caller: CallOptions) =>
  refuseUnknownTypes(registry, Object.fromEntries(events.map((name, at) => [`events[${at}]`, name])), caller);

const createWebhook: DialectRoute = (app, { registry, dispatcher }) =>
  app.route({
    method: 'POST',
    url: collection,
    config: { quota: management },
    schema: { querystring: noQuery, body: newWebhook, response: { 201: createdWebhook } },
    handler: async ({ body, who }, reply) => {
      const { events, active, secret } = body;
      const wanted = { endpoint: endpointOfNew(body), secret: secret ?? undefined, disabled: active === false };
      await refuseUnknownEvents(registry, events, who);
      const { endpoint } = madeBy(await registry.unary(Registry.createEndpoint, wanted, who));
      const test = await firstTest(dispatcher, { endpointId: endpoint.id, eventType: events[0] ?? '' }, who);
      return reply.code(201).send(toCreatedWebhook(endpoint, test));
    },
  });

const listWebhooks: DialectRoute = (app, { registry, audit }) =>
  app.route({
    method: 'GET',
    url: collection,
    config: { quota: management },
    schema: { querystring: noQuery, response: { 200: z.object({ webhooks: z.array(listedWebhook) }) } },
    handler: async ({ who }) => {
      const [endpoints, counted] = await Promise.all([
        allEndpoints(registry, who),
        audit.unary(Audit.getStats, { byEndpoint: true }, who),
      ]);
      const stats = new Map(counted.endpoints.map((each) => [each.endpointId, each.stats]));
      return { webhooks: endpoints.map((endpoint) => toListedWebhook(endpoint, stats.get(endpoint.id))) };
    },
  });

const readWebhook: DialectRoute = (app, { registry, audit }) =>
  app.route({
    method: 'GET',
    url: `${collection}/:id`,
    config: { quota: management },
    schema: { params: ofEndpoint, querystring: noQuery, response: { 200: shownWebhook } },
    handler: async ({ params: { id }, who }) => {
      const endpoint = await registry.unary(Registry.getEndpoint, { id }, who);
      const { all } = await audit.unary(Audit.getStats, { endpointId: id, byEndpoint: false }, who);
      return toShownWebhook(endpoint, all);
    },
  });

const changeWebhook: DialectRoute = (app, { registry }) =>
  app.route({
    method: 'PATCH',
    url: `${collection}/:id`,
    config: { quota: management },
    schema: { params: ofEndpoint, querystring: noQuery, body: webhookChanges, response: { 200: changedWebhook } },
    handler: async ({ params: { id }, body, who }) => {
      const { events, secret } = body;
      const changes = changesOf(id, body);
      await refuseUnknownEvents(registry, events, who);
      if (secret === undefined) return toChangedWebhook(await registry.unary(Registry.updateEndpoint, changes, who));
      const before = await registry.unary(Registry.getEndpoint, { id }, who);
      const { endpoint } = await editWithSecret(registry, { id, secret, edit: withSecret(changes, before) }, who);
      return toChangedWebhook(endpoint);
    },
  });

export const webhookRoutes: readonly DialectRoute[] = [
  createWebhook,
  listWebhooks,
  readWebhook,
  changeWebhook,
  deleteEndpointAt(`${collection}/:id`, { quota: management }),
];
