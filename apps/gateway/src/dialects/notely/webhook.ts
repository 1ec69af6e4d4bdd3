import { z } from 'zod';
import { DeliveryStats, Endpoint, type CreateEndpointRequest, type UpdateEndpointRequest } from '@bellwire/contracts';
import { notely, scheduleFor } from '@bellwire/dialects';
import { orNull, time, timeText } from '../../resources/members.ts';
import { deliveryCounts, toDeliveryCounts } from './counts.ts';

export const webhook = z.object({
  id: z.string(),
  user_id: z.string(),
  url: z.string(),
  event_types: z.array(z.string()),
  description: z.string().nullable(),
  is_active: z.boolean(),
  retry_count: z.int(),
  timeout_seconds: z.number(),
  created_at: time,
  updated_at: time,
  ...deliveryCounts.shape,
});

export const webhookWithSecret = webhook.extend({ secret: z.string() });

const members = {
  url: z.string(),
  event_types: z.array(z.string()).min(1),
  description: z.string().nullish(),
};
const retryCount = z.int().min(0).max(10);
const timeoutSeconds = z.int().min(1).max(60);

export const newWebhook = z.strictObject({
  ...members,
  is_active: z.boolean().default(true),
  retry_count: retryCount.default(3),
  timeout_seconds: timeoutSeconds.default(10),
});

export const webhookChanges = z
  .strictObject({ ...members, is_active: z.boolean(), retry_count: retryCount, timeout_seconds: timeoutSeconds })
  .partial();

const fromMembers = (given: z.infer<typeof webhookChanges>): Endpoint =>
  Endpoint.fromPartial({
    url: given.url,
    eventTypes: given.event_types,
    description: given.description ?? undefined,
    enabled: given.is_active,
    retry:
      given.retry_count === undefined
        ? undefined
        : { scheduleSeconds: [...scheduleFor(notely, given.retry_count, 'retry_count')] },
    timeoutMs: given.timeout_seconds === undefined ? undefined : given.timeout_seconds * 1000,
  });

export const fromNewWebhook = (given: z.infer<typeof newWebhook>, subject: string): CreateEndpointRequest => ({
  endpoint: { ...fromMembers(given), subject },
  disabled: !given.is_active,
});

/** Fields of the contract by member. */
const fields: Readonly<Record<keyof z.infer<typeof webhookChanges>, string>> = {
  url: 'url',
  event_types: 'event_types',
  description: 'description',
  is_active: 'enabled',
  retry_count: 'retry',
  timeout_seconds: 'timeout_ms',
};

/** Only the members that were given are in the mask; null clears the description. */
export const fromWebhookChanges = (id: string, given: z.infer<typeof webhookChanges>): UpdateEndpointRequest => ({
  endpoint: { ...fromMembers(given), id },
  updateMask: Object.entries(fields).flatMap(([member, field]) => (Object.hasOwn(given, member) ? [field] : [])),
});

/** @param stats of its deliveries; undefined: there are none */
export const toWebhook = (
  endpoint: Endpoint,
  stats: DeliveryStats = DeliveryStats.create(),
): z.infer<typeof webhook> => ({
  id: endpoint.id,
  user_id: endpoint.subject ?? '',
  url: endpoint.url,
  event_types: endpoint.eventTypes,
  description: orNull(endpoint.description),
  is_active: endpoint.enabled,
  // Endpoints that the tenant made for the user may leave both to the dialect.
  retry_count: (endpoint.retry ?? notely.retry).scheduleSeconds.length,
  timeout_seconds: (endpoint.timeoutMs || notely.timeoutMs) / 1000,
  created_at: timeText(endpoint.createdAt),
  updated_at: timeText(endpoint.updatedAt),
  ...toDeliveryCounts(stats),
});
