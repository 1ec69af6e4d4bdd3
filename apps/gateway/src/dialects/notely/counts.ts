import { z } from 'zod';
import type { DeliveryStats, EndpointStats } from '@bellwire/contracts';
import { deliveryStatuses, type DeliveryStatus } from '@bellwire/domain';

/** The words of the document, and two for what its system did not know: deliveries that are owed and never tried. */
export const deliveryStatus = z.enum(['pending', 'retrying', 'success', 'failed', 'skipped', 'cancelled']);

export const statusWords: Readonly<Record<DeliveryStatus, z.infer<typeof deliveryStatus>>> = {
  pending: 'pending',
  held: 'pending',
  retrying: 'retrying',
  delivered: 'success',
  dead_lettered: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

/** Deliveries of a webhook; those that were skipped or cancelled count as none. */
const totalOf = ({ deliveries }: DeliveryStats): number =>
  deliveryStatuses
    .filter((status) => status !== 'skipped' && status !== 'cancelled')
    .reduce((total, status) => total + (deliveries[status] ?? 0), 0);

/** What a webhook says of its deliveries. */
export const deliveryCounts = z.object({
  total_deliveries: z.int(),
  successful_deliveries: z.int(),
  failed_deliveries: z.int(),
  last_delivery_at: z.iso.datetime().nullable().describe('Start of the last attempt.'),
});

export const toDeliveryCounts = (stats: DeliveryStats): z.infer<typeof deliveryCounts> => ({
  total_deliveries: totalOf(stats),
  successful_deliveries: stats.deliveries['delivered'] ?? 0,
  failed_deliveries: stats.deliveries['dead_lettered'] ?? 0,
  last_delivery_at: stats.lastAttemptAt?.toISOString() ?? null,
});

/** The three monitoring queries of the document, with the names of their columns. */
export const monitoring = z.object({
  last_24_hours: z.object({
    total: z.int(),
    successful: z.int(),
    success_rate: z.number().nullable().describe('In percent of the total; null where there is none.'),
  }),
  pending_retries: z.int().describe('Retries that are due and not made yet.'),
  top_failing: z
    .array(z.object({ subscription_id: z.string(), failures: z.int() }))
    .describe('Of the last 7 days, without deleted ones, the most failures first; at most 10.'),
});

const mostFailing = 10;

/** @param existing ids of the webhooks that there are: deleted ones count, but have no name any more */
export const toMonitoring = (
  lastDay: DeliveryStats,
  retained: DeliveryStats,
  lastWeek: readonly EndpointStats[],
  existing: ReadonlySet<string>,
): z.infer<typeof monitoring> => {
  const total = totalOf(lastDay);
  const successful = lastDay.deliveries['delivered'] ?? 0;
  return {
    last_24_hours: { total, successful, success_rate: total === 0 ? null : (successful * 100) / total },
    pending_retries: retained.dueRetries,
    top_failing: lastWeek
      .filter(({ endpointId }) => existing.has(endpointId))
      .map(({ endpointId, stats }) => ({
        subscription_id: endpointId,
        failures: stats?.deliveries['dead_lettered'] ?? 0,
      }))
      .filter(({ failures }) => failures > 0)
      .slice(0, mostFailing),
  };
};
