import { AuditServiceService as Audit, GetStatsResponse } from '@bellwire/contracts';
import { noQuery } from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { findConfiguration } from './configuration.ts';
import { retainedSince } from './retained-since.ts';

const countsOf = (successful: number, failed: number) => ({ total: successful + failed, successful, failed });

/** Of what has ended: what is under way is neither a success nor a failure, and what was never tried is no delivery. */
const toStats = ({ all, eventTypes }: GetStatsResponse) => {
  const { delivered = 0, dead_lettered: dead = 0 } = all?.deliveries ?? {};
  const counts = countsOf(delivered, dead);
  const rate = counts.total === 0 ? 0 : (100 * delivered) / counts.total;
  const byEvent = eventTypes
    .map(({ eventType, delivered: ok, failed }) => [eventType, countsOf(ok, failed)] as const)
    .filter(([, { total }]) => total > 0);
  return {
    ...counts,
    successRate: rate.toFixed(2),
    averageAttempts: (all?.meanAttempts ?? 0).toFixed(2),
    byEvent: Object.fromEntries(byEvent),
  };
};

/** Deliveries of the present configuration in the time that logs are kept; tests are not counted. */
export const getStats: DialectRoute = (app, services) =>
  app.route({
    method: 'GET',
    url: '/api/webhooks/stats',
    schema: { querystring: noQuery },
    handler: async ({ who }) => {
      const found = await findConfiguration(services, who);
      if (found === undefined) return toStats(GetStatsResponse.create());
      const wanted = { endpointId: found.id, since: retainedSince(services.clock), byEndpoint: false };
      return toStats(await services.audit.unary(Audit.getStats, wanted, who));
    },
  });
