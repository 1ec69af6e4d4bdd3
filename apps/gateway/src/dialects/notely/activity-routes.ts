import { z } from 'zod';
import {
  AuditServiceService as Audit,
  DispatcherServiceService as Dispatcher,
  GetStatsRequest,
  ListDeliveriesRequest,
  RegistryServiceService as Registry,
} from '@bellwire/contracts';
import { noBody, noQuery, queryNumber } from '../../resources/members.ts';
import { testTimeoutMs } from '../../routes/endpoint-actions.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { allEndpoints, ofEndpoint } from '../endpoints.ts';
import { catalogueOf, eventTypeInfo, toEventTypeInfo } from './catalogue.ts';
import { monitoring, toMonitoring } from './counts.ts';
import { delivery, testResult, toDelivery, toTestResult } from './delivery.ts';
import { daysAgo, retainedFrom } from './retention.ts';

const listEventTypes: DialectRoute = (app, deps) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/event-types',
    schema: { querystring: noQuery, response: { 200: z.array(eventTypeInfo) } },
    handler: async ({ who }) => (await catalogueOf(deps, who)).map(toEventTypeInfo),
  });

const testWebhook: DialectRoute = (app, { dispatcher, clock }) =>
  app.route({
    method: 'POST',
    url: '/api/webhooks/:id/test',
    schema: { params: ofEndpoint, querystring: noQuery, body: noBody, response: { 200: testResult } },
    handler: async ({ params: { id }, who }) => {
      const data = { test: true, message: 'A test of this webhook.', subscription_id: id, timestamp: timeNow(clock) };
      const wanted = { endpointId: id, eventType: 'webhook.test', data: JSON.stringify(data) };
      const { attempt } = await dispatcher.unary(Dispatcher.sendTest, wanted, { ...who, timeoutMs: testTimeoutMs });
      if (attempt === undefined) throw new Error('dispatcher left out the attempt');
      return toTestResult(attempt);
    },
  });

const timeNow = (clock: { now(): number }): string => new Date(clock.now()).toISOString();

const listDeliveries: DialectRoute = (app, { registry, audit, clock }) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/:id/deliveries',
    schema: {
      params: ofEndpoint,
      querystring: z.strictObject({
        limit: queryNumber(1, 100).default(100),
        offset: queryNumber(0, 10_000).default(0),
      }),
      response: { 200: z.array(delivery) },
    },
    handler: async ({ params: { id }, query, who }, reply) => {
      await registry.unary(Registry.getEndpoint, { id }, who);
      const wanted = ListDeliveriesRequest.fromPartial({
        endpointId: id,
        since: retainedFrom(clock),
        ...query,
        withTotal: true,
        withAttempts: true,
        withTests: true,
      });
      const { deliveries, total } = await audit.unary(Audit.listDeliveries, wanted, who);
      if (total === undefined) throw new Error('audit left out the total');
      return reply.header('x-total-count', total).send(deliveries.map(toDelivery));
    },
  });

const getStats: DialectRoute = (app, { registry, audit, clock }) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/stats',
    schema: { querystring: noQuery, response: { 200: monitoring } },
    handler: async ({ who }) => {
      const statsOf = (wanted: { since: Date; byEndpoint?: boolean }) =>
        audit.unary(Audit.getStats, GetStatsRequest.fromPartial(wanted), who);
      const [day, week, retained, endpoints] = await Promise.all([
        statsOf({ since: daysAgo(clock, 1) }),
        statsOf({ since: daysAgo(clock, 7), byEndpoint: true }),
        statsOf({ since: retainedFrom(clock) }),
        allEndpoints(registry, who),
      ]);
      if (day.all === undefined || retained.all === undefined) throw new Error('audit left out the statistics');
      return toMonitoring(day.all, retained.all, week.endpoints, new Set(endpoints.map(({ id }) => id)));
    },
  });

/** What can be subscribed to, tests, and what became of deliveries. */
export const activityRoutes: readonly DialectRoute[] = [listEventTypes, testWebhook, listDeliveries, getStats];
