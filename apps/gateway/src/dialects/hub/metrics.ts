import { z } from 'zod';
import {
  AuditServiceService as Audit,
  GetStatsRequest,
  RegistryServiceService as Registry,
  type DeliveryStats,
} from '@bellwire/contracts';
import { deliveryStatuses } from '@bellwire/domain';
import { deliveryStatus } from '../../resources/delivery.ts';
import { givenTime, time, timeText } from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { ofEndpoint } from '../endpoints.ts';

const failures = ['rejected', 'timed_out', 'unreachable', 'blocked'] as const;

const byStatus = z.record(deliveryStatus, z.int());

/** Tests are not counted. Rates are from 0 to 1, and null where there is nothing to count. */
const metrics = z.object({
  /** Of the deliveries that were delivered or given up. */
  successRate: z.number().nullable(),
  /** Of all attempts, in milliseconds. */
  averageResponseTime: z.number().nullable(),
  /** Attempts that failed so, of all attempts. */
  errorRate: z.record(z.enum(failures), z.number()).nullable(),
  /** Attempts by status of the answer. */
  statusCodes: z.record(z.string(), z.number()),
  /** Retries for each delivery that was tried. */
  retryFrequency: z.number().nullable(),
  /** Attempts that had waited for the webhook's own limit, and those that the receiver answered with 429. */
  rateLimitHits: z.int(),
  deliveries: byStatus,
  attempts: z.int(),
  retries: z.int(),
  /** What was accepted up to here is counted. */
  asOf: time,
});

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

const errorRateOf = ({ attempts, outcomes }: DeliveryStats): z.infer<typeof metrics>['errorRate'] => {
  if (attempts === 0) return null;
  const of = (failure: (typeof failures)[number]): number => (outcomes[failure] ?? 0) / attempts;
  return {
    rejected: of('rejected'),
    timed_out: of('timed_out'),
    unreachable: of('unreachable'),
    blocked: of('blocked'),
  };
};

const toMetrics = (stats: DeliveryStats): Omit<z.infer<typeof metrics>, 'asOf'> => {
  const { deliveries, attempts, retries } = stats;
  const { delivered = 0, dead_lettered: deadLettered = 0 } = deliveries;
  return {
    successRate: ratio(delivered, delivered + deadLettered),
    averageResponseTime: attempts === 0 ? null : stats.meanDurationMs,
    errorRate: errorRateOf(stats),
    statusCodes: stats.responseStatuses,
    // Each delivery has one first attempt, and the rest are retries.
    retryFrequency: ratio(retries, attempts - retries),
    rateLimitHits: stats.rateLimited + (stats.responseStatuses[429] ?? 0),
    deliveries: byStatus.parse(Object.fromEntries(deliveryStatuses.map((status) => [status, deliveries[status] ?? 0]))),
    attempts,
    retries,
  };
};

/** The metrics that the document lists, of one webhook. */
export const webhookMetrics: DialectRoute = (app, { registry, audit }) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/:id/metrics',
    schema: {
      params: ofEndpoint,
      querystring: z.strictObject({ since: givenTime.optional(), until: givenTime.optional() }),
      response: { 200: metrics },
    },
    handler: async ({ params, query, who }) => {
      const { id } = await registry.unary(Registry.getEndpoint, { id: params.id }, who);
      const wanted = GetStatsRequest.fromPartial({ endpointId: id, ...query });
      const { all, asOf } = await audit.unary(Audit.getStats, wanted, who);
      if (all === undefined) throw new Error('audit left out the statistics');
      return { ...toMetrics(all), asOf: timeText(asOf) };
    },
  });
