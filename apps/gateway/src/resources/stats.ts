import { z } from 'zod';
import type { DeliveryStats, EndpointStats, EventTypeStats, GetStatsResponse } from '@bellwire/contracts';
import { deliveryStatus } from './delivery.ts';
import { outcome } from './attempt.ts';
import { asOf, givenTime, optionalTimeText, time, timeText } from './members.ts';

/** What statistics are of. */
export const statsFilters = z.strictObject({
  since: givenTime.optional().describe('Accepted at this time or later; as far back as the retention where absent.'),
  until: givenTime.optional().describe('Accepted before this time.'),
  event_type: z.string().optional(),
  subject: z.string().optional().describe('Of the event.'),
});

const byStatus = z.record(deliveryStatus, z.int());
const byOutcome = z.record(outcome, z.int());

const counts = z.object({
  deliveries: byStatus.describe('By status.'),
  attempts: z.int(),
  outcomes: byOutcome.describe('Attempts by outcome.'),
  response_statuses: z.record(z.string(), z.int()).describe('Attempts by status of the response, where there was one.'),
  retries: z.int().describe('Attempts after the first of a delivery.'),
  mean_duration_ms: z.number().describe('Of the attempts; 0 where there were none.'),
  mean_attempts: z.number().describe('Of deliveries that were tried and have ended; 0 where there are none.'),
  due_retries: z.int().describe('Retries that are due and not made yet.'),
  success_rate: z
    .number()
    .nullable()
    .describe('Delivered, of those that are delivered or dead-lettered; null where there are none.'),
  last_attempt_at: time.nullable(),
});

const eventTypeStats = z
  .object({
    event_type: z.string(),
    deliveries: z.int(),
    delivered: z.int(),
    failed: z.int().describe('Dead-lettered.'),
  })
  .meta({ id: 'EventTypeStats' });

const endpointCounts = counts.extend({ endpoint_id: z.string() }).meta({ id: 'EndpointCounts' });

/** What became of the deliveries of one endpoint. */
export const endpointStats = counts
  .extend({
    event_types: z.array(eventTypeStats).describe('The most deliveries first; at most 1,000.'),
    as_of: asOf('counted'),
  })
  .meta({ id: 'EndpointStats', description: 'Deliveries and their attempts, counted. Tests are not.' });

export const stats = endpointStats
  .extend({
    endpoints: z
      .array(endpointCounts)
      .describe('The most dead letters first, then the most retries under way; at most 1,000.'),
  })
  .meta({ id: 'Stats', description: 'Deliveries and their attempts, counted. Tests are not.' });

/** A count for every word, 0 where the service told none. */
const counted = (words: readonly string[], told: Readonly<Record<string, number>>) =>
  Object.fromEntries(words.map((word) => [word, told[word] ?? 0]));

/** @throws Error where the service left it out */
const toCounts = (message: DeliveryStats | undefined): z.infer<typeof counts> => {
  if (message === undefined) throw new Error('audit left out the statistics');
  const { delivered = 0, dead_lettered: failed = 0 } = message.deliveries;
  return {
    deliveries: byStatus.parse(counted(deliveryStatus.options, message.deliveries)),
    attempts: message.attempts,
    outcomes: byOutcome.parse(counted(outcome.options, message.outcomes)),
    response_statuses: message.responseStatuses,
    retries: message.retries,
    mean_duration_ms: message.meanDurationMs,
    mean_attempts: message.meanAttempts,
    due_retries: message.dueRetries,
    success_rate: delivered + failed === 0 ? null : delivered / (delivered + failed),
    last_attempt_at: optionalTimeText(message.lastAttemptAt),
  };
};

const toEventTypeStats = (message: EventTypeStats): z.infer<typeof eventTypeStats> => ({
  event_type: message.eventType,
  deliveries: message.deliveries,
  delivered: message.delivered,
  failed: message.failed,
});

const toEndpointCounts = (message: EndpointStats): z.infer<typeof endpointCounts> => ({
  endpoint_id: message.endpointId,
  ...toCounts(message.stats),
});

/** @throws Error where the service left something out */
export const toEndpointStats = (message: GetStatsResponse): z.infer<typeof endpointStats> => ({
  ...toCounts(message.all),
  event_types: message.eventTypes.map(toEventTypeStats),
  as_of: timeText(message.asOf),
});

/** @throws Error where the service left something out */
export const toStats = (message: GetStatsResponse): z.infer<typeof stats> => ({
  ...toEndpointStats(message),
  endpoints: message.endpoints.map(toEndpointCounts),
});
