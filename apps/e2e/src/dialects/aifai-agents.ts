import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { ReceivedRequest } from '@bellwire/testing';
import { apiOf, created, createdKey, delivery, nothing, until, type Api } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { list, payload } from './aifai-document.ts';

export const preferencesPath = '/api/v1/notifications/preferences/';

const hour = z.int().min(0).max(23).nullable();
const words = z.array(z.string()).nullable();
export const preferences = z.strictObject({
  enable_webhook: z.boolean(),
  webhook_url: z.string().nullable(),
  quiet_hours_start: hour,
  quiet_hours_end: hour,
  time_zone: z.string().nullable(),
  max_notifications_per_hour: z.int().nullable(),
  notification_types: words,
  priorities: words,
});
export const enabledPreferences = preferences.extend({ webhook_secret: z.string().regex(/^[0-9a-f]{64}$/) });

export const none: z.infer<typeof preferences> = {
  enable_webhook: false,
  webhook_url: null,
  quiet_hours_start: null,
  quiet_hours_end: null,
  time_zone: null,
  max_notifications_per_hour: null,
  notification_types: null,
  priorities: null,
};

const numbered = z.looseObject({ id: z.number() });
export const listed = z.strictObject({
  notifications: z.array(numbered),
  total: z.int(),
  limit: z.int(),
  offset: z.int(),
});
export const checked = z.strictObject({ notifications: z.array(numbered), total: z.int() });
export const problem = z.object({ reason: z.string(), fields: z.array(z.object({ path: z.string() })) });
export const sent = z.looseObject({ event: z.string(), notification: numbered });

const deliveries = z.object({ data: z.array(delivery.omit({ attempts: true })) });

/** An agent: a user of the tenant. */
export interface Agent {
  readonly subject: string;
  readonly key: string;
  readonly api: Api;
  /** Answers with what PUT does, which must be 200. */
  put<Shape>(given: unknown, shape: z.ZodType<Shape>): Promise<Shape>;
  read(): Promise<z.infer<typeof preferences>>;
  /** Ids of his notifications, newest first, once there are so many. */
  listed(count: number): Promise<readonly number[]>;
  /** His deliveries, once there are so many and each has ended. */
  ended(count: number): Promise<readonly z.infer<typeof deliveries>['data'][number][]>;
}

export interface Platform {
  readonly id: string;
  /** With a key of the whole tenant. */
  readonly api: Api;
  agent(subject: string): Promise<Agent>;
  /** A notification with this id for this agent. */
  notify(subject: string, id: number, more?: Record<string, unknown>): Promise<string>;
  /** PATCH of the tenant with the admin key. */
  set(changes: unknown): Promise<void>;
}

const unended = new Set(['pending', 'held', 'retrying']);

const agentOf = (rest: string, subject: string, key: string): Agent => {
  const api = apiOf(rest, key);
  return {
    subject,
    key,
    api,
    put: async (given, shape) => {
      const { status, text, json } = await api.raw('PUT', preferencesPath, given);
      if (status !== 200) throw new Error(`PUT answered ${status}: ${text}`);
      return shape.parse(json);
    },
    read: () => api.get(preferencesPath, preferences),
    listed: (count) =>
      until(`${count} notifications in the list`, async () => {
        const { notifications, total } = await api.get(`${list}?limit=100`, listed);
        return total >= count ? notifications.map(({ id }) => id) : undefined;
      }),
    ended: (count) =>
      until(`${count} deliveries that have ended`, async () => {
        const { data } = await api.get('/v1/deliveries?limit=100', deliveries);
        return data.length >= count && data.every(({ status }) => !unended.has(status)) ? data : undefined;
      }),
  };
};

/** A tenant of the dialect. */
export const newPlatform = async (target: Target, dialect = 'aifai'): Promise<Platform> => {
  const admin = apiOf(target.rest, target.adminKey);
  const { id } = await admin.post('/v1/tenants', { name: dialect, dialect }, created);
  const newKey = async (subject?: string) =>
    (await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'test', subject }, createdKey)).key;
  const api = apiOf(target.rest, await newKey());
  return {
    id,
    api,
    agent: async (subject) => agentOf(target.rest, subject, await newKey(subject)),
    notify: async (subject, notificationId, more = {}) => {
      const data = { ...payload.notification, id: notificationId, ...more };
      const event = { type: 'notification', subject, occurred_at: payload.timestamp, data };
      return (await api.post('/v1/events', event, created)).id;
    },
    set: async (changes) => {
      const { status, json } = await admin.raw('PATCH', `/v1/tenants/${id}`, changes);
      if (status !== 200) throw new Error(`PATCH of the tenant answered ${status}`);
      nothing.parse(json);
    },
  };
};

/** As the document's receivers verify it. */
export const isSignedWith = (secret: string, { headers, body }: ReceivedRequest): boolean =>
  headers['x-aifai-signature'] === `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
