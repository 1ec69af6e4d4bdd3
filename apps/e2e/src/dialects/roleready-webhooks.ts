import { z } from 'zod';
import { apiOf, created, createdKey, until, type Api } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';

export const config = '/api/webhooks/config';
export const testPath = '/api/webhooks/test';
export const regenerate = '/api/webhooks/regenerate-secret';
export const available = [
  'resume.parsed',
  'resume.parse_failed',
  'ats.check_completed',
  'ats.check_failed',
  'tailoring.completed',
  'tailoring.failed',
  'operation.cancelled',
];
const seconds = z.iso.datetime({ precision: 0 });

const saved = z.object({
  config: z.strictObject({
    id: z.string(),
    url: z.string(),
    secret: z.string().regex(/^[0-9a-f]{64}$/),
    enabled: z.boolean(),
    enabledEvents: z.array(z.string()),
  }),
});
export const shown = z.object({
  configured: z.boolean(),
  config: z
    .strictObject({
      id: z.string(),
      url: z.string(),
      enabled: z.boolean(),
      enabledEvents: z.array(z.string()),
      createdAt: seconds,
      updatedAt: seconds,
    })
    .nullable(),
  availableEvents: z.array(z.string()),
});
export const logs = z.object({
  logs: z.array(
    z.strictObject({
      id: z.string(),
      event: z.string(),
      url: z.string(),
      success: z.boolean(),
      statusCode: z.int().nullable(),
      attempts: z.int(),
      error: z.string().nullable(),
      deliveryId: z.uuid(),
      deliveredAt: seconds.nullable(),
      createdAt: seconds,
    }),
  ),
  pagination: z.strictObject({ total: z.int(), limit: z.int(), offset: z.int(), hasMore: z.boolean() }),
});
export const stats = z.object({
  total: z.int(),
  successRate: z.string().regex(/^\d+\.\d\d$/),
  averageAttempts: z.string().regex(/^\d+\.\d\d$/),
});

export interface Tenant {
  publish(type: string, subject: string, data?: unknown): Promise<unknown>;
  /** Without a subject: for the whole tenant. */
  keyOf(subject?: string): Promise<string>;
  user(subject: string): Promise<Api>;
}

export const newTenant = async (target: Target): Promise<Tenant> => {
  const admin = apiOf(target.rest, target.adminKey);
  const { id } = await admin.post('/v1/tenants', { name: 'RoleReady', dialect: 'roleready' }, created);
  const newKey = async (subject?: string) =>
    (await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'test', subject }, createdKey)).key;
  const whole = apiOf(target.rest, await newKey());
  return {
    publish: (type, subject, data = { success: true }) => whole.post('/v1/events', { type, subject, data }, created),
    keyOf: newKey,
    user: async (subject) => apiOf(target.rest, await newKey(subject)),
  };
};

export const configure = (user: Api, url: string, more: Record<string, unknown> = {}) =>
  user.post(config, { url, ...more }, saved);

/** The logs, once there are so many. */
export const logsOnceThereAre = (user: Api, count: number, query = '') =>
  until(`${count} logs`, async () => {
    const found = await user.get(`/api/webhooks/logs${query}`, logs);
    return found.pagination.total === count ? found : undefined;
  });
