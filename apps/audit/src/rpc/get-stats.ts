import type { DeliveryStats, GetStatsRequest, GetStatsResponse } from '@bellwire/contracts';
import type { Call } from '@bellwire/rpc';
import {
  countAttempts,
  countDeliveryStates,
  countEventTypes,
  failingEndpoints,
  type AttemptCount,
  type DeliveryCount,
} from '../store/stats.ts';
import { periodOf, refuseNul, type Read } from './reading.ts';

const mostEndpoints = 1000;
const mostEventTypes = 1000;

/** Sums of numbers by key, of which none is 0. */
const sumBy = <Row>(rows: readonly Row[], keyOf: (row: Row) => string | number | null, of: (row: Row) => number) => {
  const sums: Record<string, number> = {};
  for (const row of rows) {
    const key = keyOf(row);
    if (key !== null) sums[key] = (sums[key] ?? 0) + of(row);
  }
  return sums;
};

const sumOf = <Row>(rows: readonly Row[], of: (row: Row) => number): number =>
  rows.reduce((sum, row) => sum + of(row), 0);

const mean = (sum: number, count: number): number => (count === 0 ? 0 : sum / count);

const latest = (rows: readonly AttemptCount[]): Date | undefined =>
  rows.length === 0 ? undefined : new Date(Math.max(...rows.map((row) => row.last_attempt_at.getTime())));

const statsOf = (deliveries: readonly DeliveryCount[] = [], attempts: readonly AttemptCount[] = []): DeliveryStats => {
  const made = sumOf(attempts, (row) => row.attempts);
  return {
    deliveries: sumBy(
      deliveries,
      (row) => row.status,
      (row) => row.deliveries,
    ),
    attempts: made,
    outcomes: sumBy(
      attempts,
      (row) => row.outcome,
      (row) => row.attempts,
    ),
    responseStatuses: sumBy(
      attempts,
      (row) => row.response_status,
      (row) => row.attempts,
    ),
    retries: sumOf(attempts, (row) => row.retries),
    meanDurationMs: mean(
      sumOf(attempts, (row) => row.duration_ms),
      made,
    ),
    meanAttempts: mean(
      sumOf(deliveries, (row) => row.ended_attempts),
      sumOf(deliveries, (row) => row.ended),
    ),
    dueRetries: sumOf(deliveries, (row) => row.due_retries),
    lastAttemptAt: latest(attempts),
    rateLimited: sumOf(attempts, (row) => row.rate_limited),
  };
};

/** What became of the deliveries of a time, counted; tests are not. @throws Fault INVALID_FIELD */
export const makeGetStats =
  (read: Read) =>
  (request: GetStatsRequest, call: Call): Promise<GetStatsResponse> =>
    read(call, 'deliveries:read', async ({ trx, viewer, nowMs, deliveriesAsOfMs }) => {
      const { endpointId, eventType, subject, byEndpoint } = request;
      refuseNul({ endpoint_id: endpointId, event_type: eventType, subject });
      const what = { endpointId, eventType, subject, eventId: undefined, statuses: [] };
      const chosen = { ...what, withTests: false, triedOnly: false };
      const filter = { ...periodOf(request), ...chosen };
      const endpointIds = byEndpoint ? await failingEndpoints(trx, viewer, filter, mostEndpoints) : [];
      const deliveries = await countDeliveryStates(trx, viewer, filter, { endpointIds, nowMs });
      const attempts = await countAttempts(trx, viewer, filter, endpointIds);
      const eventTypes = await countEventTypes(trx, viewer, filter, mostEventTypes);
      const deliveriesAt = Map.groupBy(deliveries, ({ endpoint }) => endpoint);
      const attemptsAt = Map.groupBy(attempts, ({ endpoint }) => endpoint);
      return {
        all: statsOf(deliveries, attempts),
        eventTypes: eventTypes.map(({ event_type, ...counts }) => ({ eventType: event_type, ...counts })),
        endpoints: endpointIds.map((id) => ({
          endpointId: id,
          stats: statsOf(deliveriesAt.get(id), attemptsAt.get(id)),
        })),
        asOf: new Date(deliveriesAsOfMs),
      };
    });
