import { z } from 'zod';
import {
  AuditServiceService as Audit,
  GetStatsRequest,
  RegistryServiceService as Registry,
  type DeliveryStats,
} from '@bellwire/contracts';
import { noQuery } from '../../resources/members.ts';
import { subjectOf, type DialectDeps, type DialectRoute } from '../dialect-route.ts';
import { allEndpoints, deleteEndpointAt, madeBy, ofEndpoint } from '../endpoints.ts';
import type { Who } from '../who-is.ts';
import { catalogueOf, checkEventTypes } from './catalogue.ts';
import { retainedFrom } from './retention.ts';
import {
  fromNewWebhook,
  fromWebhookChanges,
  newWebhook,
  toWebhook,
  webhook,
  webhookChanges,
  webhookWithSecret,
} from './webhook.ts';

const statsOf = async ({ audit, clock }: DialectDeps, endpointId: string, who: Who): Promise<DeliveryStats> => {
  const wanted = GetStatsRequest.fromPartial({ endpointId, since: retainedFrom(clock) });
  const { all } = await audit.unary(Audit.getStats, wanted, who);
  if (all === undefined) throw new Error('audit left out the statistics');
  return all;
};

const createWebhook: DialectRoute = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/api/webhooks',
    schema: { querystring: noQuery, body: newWebhook, response: { 201: webhookWithSecret } },
    handler: async (request, reply) => {
      checkEventTypes(request.body.event_types, await catalogueOf({ registry }, request.who));
      const wanted = fromNewWebhook(request.body, subjectOf(request));
      const { endpoint, secret } = madeBy(await registry.unary(Registry.createEndpoint, wanted, request.who));
      return reply.code(201).send({ ...toWebhook(endpoint), secret });
    },
  });

const listWebhooks: DialectRoute = (app, deps) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks',
    schema: { querystring: noQuery, response: { 200: z.array(webhook) } },
    handler: async (request) => {
      const wanted = GetStatsRequest.fromPartial({ since: retainedFrom(deps.clock), byEndpoint: true });
      const { endpoints: counted } = await deps.audit.unary(Audit.getStats, wanted, request.who);
      const statsById = new Map(counted.map(({ endpointId, stats }) => [endpointId, stats]));
      const endpoints = await allEndpoints(deps.registry, request.who, subjectOf(request));
      return endpoints.map((endpoint) => toWebhook(endpoint, statsById.get(endpoint.id)));
    },
  });

const getWebhook: DialectRoute = (app, deps) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/:id',
    schema: { params: ofEndpoint, querystring: noQuery, response: { 200: webhook } },
    handler: async ({ params: { id }, who }) =>
      toWebhook(await deps.registry.unary(Registry.getEndpoint, { id }, who), await statsOf(deps, id, who)),
  });

const updateWebhook: DialectRoute = (app, deps) =>
  app.route({
    method: 'PATCH',
    url: '/api/webhooks/:id',
    schema: { params: ofEndpoint, querystring: noQuery, body: webhookChanges, response: { 200: webhook } },
    handler: async ({ params: { id }, body, who }) => {
      if (body.event_types !== undefined) checkEventTypes(body.event_types, await catalogueOf(deps, who));
      // Read before anything is written: what is refused here has changed nothing.
      const stats = await statsOf(deps, id, who);
      return toWebhook(await deps.registry.unary(Registry.updateEndpoint, fromWebhookChanges(id, body), who), stats);
    },
  });

/** Webhooks: create, read, change, delete. */
export const webhookRoutes: readonly DialectRoute[] = [
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  deleteEndpointAt('/api/webhooks/:id'),
];
