import { z } from 'zod';
import { apiOf, created, createdKey, until, type Api } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';

// The shape of the document, and beside it what can be set: maxRetries and rateLimit.
export const webhook = z.strictObject({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  testMode: z.boolean(),
  active: z.boolean(),
  createdAt: z.iso.datetime(),
  maxRetries: z.int(),
  rateLimit: z.int(),
});
const withSecret = webhook.extend({ secret: z.string().min(32) });
export const attempt = {
  sentAt: z.iso.datetime(),
  outcome: z.string(),
  statusCode: z.int().nullable(),
  error: z.string().nullable(),
};
const delivery = z.object({
  id: z.uuid(),
  event: z.string(),
  eventId: z.string(),
  status: z.string(),
  test: z.boolean(),
  retries: z.int(),
  nextRetryAt: z.iso.datetime().nullable(),
  error: z.string().nullable(),
  attempts: z.array(z.object(attempt)),
});
export const deliveries = z.object({ data: z.array(delivery), nextCursor: z.string().nullable() });

export interface Tenant {
  /** For the tenant itself, which publishes. */
  whole: Api;
  keyOf(subject: string): Promise<string>;
  user(subject: string): Promise<Api>;
}

export const newTenant = async (of: Target): Promise<Tenant> => {
  const admin = apiOf(of.rest, of.adminKey);
  const { id } = await admin.post('/v1/tenants', { name: 'hub', dialect: 'hub' }, created);
  const newKey = async (subject?: string) =>
    (await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'test', subject }, createdKey)).key;
  return {
    whole: apiOf(of.rest, await newKey()),
    keyOf: newKey,
    user: async (subject) => apiOf(of.rest, await newKey(subject)),
  };
};

/** Nothing is wrong with it; nothing can be delivered to it. */
export const good = { name: 'My Webhook', url: 'https://your-domain.com/webhook', events: ['task.completed'] };

export const createAt = (user: Api, url: string, more: Record<string, unknown> = {}) =>
  user.post('/api/webhooks', { ...good, url, ...more }, withSecret);

export const publish = (
  tenant: Tenant,
  subject: string | undefined,
  data: unknown = { taskId: '1' },
  type = 'task.completed',
) => tenant.whole.post('/v1/events', { type, data, subject }, created);

/** The latest delivery of a webhook, once it has the status. */
export const deliveryThatIs = (user: Api, id: string, status: string) =>
  until(`a delivery that is ${status}`, async () => {
    const [latest] = (await user.get(`/api/webhooks/${id}/deliveries?limit=1`, deliveries)).data;
    return latest?.status === status ? latest : undefined;
  });
