import { z } from 'zod';
import { AuditServiceService as Audit, ListDeliveriesRequest, toProto, type Delivery } from '@bellwire/contracts';
import type { DeliveryStatus } from '@bellwire/domain';
import { queryNumber } from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { availableEvents, findConfiguration } from './configuration.ts';
import { failureOf } from './failure-of.ts';
import { retainedSince } from './retained-since.ts';
import { secondsText } from './seconds-text.ts';
import { testEvent } from './test-route.ts';

const logFilters = z.strictObject({
  limit: queryNumber(1, 100).default(50),
  offset: queryNumber(0, 10_000).default(0),
  event: z.enum([...availableEvents, testEvent]).optional(),
  success: z.enum(['true', 'false']).optional(),
});

/**
 * Of what was tried. Left out is what was not: what waits for its first attempt, held or not, what was cancelled before
 * it, and what came while the configuration was disabled.
 */
const succeeded: readonly DeliveryStatus[] = ['delivered'];
const failed: readonly DeliveryStatus[] = ['retrying', 'held', 'dead_lettered', 'cancelled'];

const statusesOf = (success: 'true' | 'false' | undefined) => {
  const chosen = { all: [...succeeded, ...failed], true: succeeded, false: failed }[success ?? 'all'];
  return chosen.map((status) => toProto.status[status]);
};

const toLog = (delivery: Delivery, url: string) => {
  const success = delivery.status === toProto.status.delivered;
  const last = delivery.attempts.at(-1);
  return {
    id: delivery.id,
    event: delivery.eventType,
    url,
    success,
    statusCode: last?.responseStatus ?? null,
    attempts: delivery.attemptCount,
    error: success || last === undefined ? null : failureOf(last),
    deliveryId: delivery.id,
    deliveredAt: success ? secondsText(delivery.completedAt) : null,
    createdAt: secondsText(delivery.createdAt),
  };
};

/** Deliveries of the present configuration, tests too, newest first. */
export const getLogs: DialectRoute = (app, services) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/logs',
    schema: { querystring: logFilters },
    handler: async ({ who, query }) => {
      const { limit, offset, event, success } = query;
      const found = await findConfiguration(services, who);
      if (found === undefined) return { logs: [], pagination: { total: 0, limit, offset, hasMore: false } };
      const wanted = ListDeliveriesRequest.fromPartial({
        endpointId: found.id,
        eventType: event,
        statuses: statusesOf(success),
        since: retainedSince(services.clock),
        limit,
        offset,
        withTotal: true,
        withAttempts: true,
        withTests: true,
        triedOnly: true,
      });
      const { deliveries, total = 0 } = await services.audit.unary(Audit.listDeliveries, wanted, who);
      const logs = deliveries.map((delivery) => toLog(delivery, found.url));
      return { logs, pagination: { total, limit, offset, hasMore: offset + logs.length < total } };
    },
  });
