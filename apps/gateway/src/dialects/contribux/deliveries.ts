import { z } from 'zod';
import {
  AuditServiceService as Audit,
  ListDeliveriesRequest,
  RegistryServiceService as Registry,
} from '@bellwire/contracts';
import { JsonText } from '../../json-text.ts';
import { noQuery, page, pageOf } from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { ofEndpoint } from '../endpoints.ts';
import { loggedDelivery, toLoggedDelivery } from './delivery.ts';
import { refuseUnknownTypes } from './event-types.ts';
import { logAccess, tests } from './quotas.ts';
import { statisticsOf } from './statistics.ts';
import { sendTest, testResult, toTestResult } from './test-delivery.ts';

const webhook = '/api/v1/users/me/webhooks/:id';

const testAnswer = testResult.extend({
  test_delivery_id: z.string(),
  response_code: z.int().nullable(),
  payload_sent: z.unknown(),
});

const testWebhook: DialectRoute = (app, { registry, dispatcher }) =>
  app.route({
    method: 'POST',
    url: `${webhook}/test`,
    config: { quota: tests },
    schema: {
      params: ofEndpoint,
      querystring: noQuery,
      body: z.strictObject({ event_type: z.string() }),
      response: { 200: testAnswer },
    },
    handler: async ({ params, body: { event_type: eventType }, who }) => {
      await refuseUnknownTypes(registry, { event_type: eventType }, who);
      const { attempt, body } = await sendTest(dispatcher, { endpointId: params.id, eventType }, who);
      const { status, response_time_ms, ...failure } = toTestResult(attempt);
      return {
        test_delivery_id: attempt.deliveryId,
        status,
        response_code: attempt.responseStatus ?? null,
        response_time_ms,
        ...failure,
        payload_sent: new JsonText(body),
      };
    },
  });

const deliveryLog = z.object({
  deliveries: z.array(loggedDelivery),
  stats: z.object({ total_deliveries: z.int(), success_rate: z.number(), average_response_time: z.int() }),
  next_cursor: z.string().optional().describe('cursor of the next page; absent on the last one.'),
});

const listDeliveries: DialectRoute = (app, { registry, audit }) =>
  app.route({
    method: 'GET',
    url: `${webhook}/deliveries`,
    config: { quota: logAccess },
    schema: { params: ofEndpoint, querystring: z.strictObject(page), response: { 200: deliveryLog } },
    handler: async ({ params, query, who }) => {
      // Audit has the deliveries of deleted webhooks too, and none of another's: registry says which of them is his.
      const { id: endpointId } = await registry.unary(Registry.getEndpoint, { id: params.id }, who);
      const wanted = ListDeliveriesRequest.fromPartial({ endpointId, withAttempts: true, ...pageOf(query) });
      const [log, { all }] = await Promise.all([
        audit.unary(Audit.listDeliveries, wanted, who),
        audit.unary(Audit.getStats, { endpointId, byEndpoint: false }, who),
      ]);
      const { total_deliveries, success_rate } = statisticsOf(all);
      return {
        deliveries: log.deliveries.map(toLoggedDelivery),
        stats: { total_deliveries, success_rate, average_response_time: Math.round(all?.meanDurationMs ?? 0) },
        next_cursor: log.nextCursor === '' ? undefined : log.nextCursor,
      };
    },
  });

export const deliveryRoutes: readonly DialectRoute[] = [testWebhook, listDeliveries];
