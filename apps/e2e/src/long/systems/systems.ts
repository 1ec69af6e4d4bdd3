import { readFileSync } from 'node:fs';
import { documentReceiver, type DocumentReceiver } from '@bellwire/testing';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { createdEndpoint, type Api } from '../../target/api.ts';

/** What a receiver reads of a request, whatever its system calls it. */
export interface Message {
  /** By which it tells a duplicate. */
  readonly id: string;
  /** Wherever the type stands. */
  readonly types: readonly string[];
  /** The user, where the body names him. */
  readonly subject?: string;
  readonly data: unknown;
}

export interface WantedWebhook {
  readonly url: string;
  /** All of the tenant. */
  readonly types: readonly string[];
  /** For systems whose users choose it. */
  readonly secret: string;
}

/** A system as its document describes it. */
export interface System {
  readonly dialect: string;
  /** Makes a webhook by the routes of the system; answers its secret. */
  makeWebhook(user: Api, wanted: WantedWebhook): Promise<string>;
  /** The code that its receivers run. */
  receiverWith(secret: string): DocumentReceiver;
  /** What `{ headers, body }` has to look like, and what is read of it. */
  readonly message: z.ZodType<Message>;
  /** What is published instead of the example: the nth event, from 0. */
  dataOf?(example: unknown, n: number): unknown;
}

const printed =
  (name: string) =>
  (secret: string): DocumentReceiver => {
    const file = new URL(`../../../../../libs/dialects/src/testing/verifiers/${name}.txt`, import.meta.url);
    return documentReceiver(readFileSync(file, 'utf8'), secret);
  };

const headersFrom = (userAgent: string) =>
  z.object({ 'content-type': z.literal('application/json'), 'user-agent': z.literal(userAgent) });

const contribux: System = {
  dialect: 'contribux',
  makeWebhook: async (user, { url, types, secret }) => {
    const answer = z.object({
      secret_configured: z.literal(true),
      test_delivery: z.object({ status: z.literal('success') }),
    });
    await user.post('/api/v1/users/me/webhooks', { url, events: types, active: true, secret }, answer);
    return secret;
  },
  receiverWith: printed('contribux.js'),
  message: z
    .object({
      headers: headersFrom('Contribux-Webhooks/1.0').extend({
        'x-contribux-event': z.string(),
        'x-contribux-delivery': z.uuid(),
      }),
      body: z.strictObject({
        event: z.string(),
        timestamp: z.iso.datetime({ precision: 0 }),
        user_id: z.string(),
        data: z.unknown(),
      }),
    })
    .transform(({ headers, body }) => ({
      id: headers['x-contribux-delivery'],
      types: [headers['x-contribux-event'], body.event],
      subject: body.user_id,
      data: body.data,
    })),
};

const roleReady: System = {
  dialect: 'roleready',
  makeWebhook: async (user, { url, types }) => {
    const answer = z.object({ success: z.literal(true), config: z.object({ secret: z.string() }) });
    const body = { url, enabled: true, enabledEvents: types };
    return (await user.post('/api/webhooks/config', body, answer)).config.secret;
  },
  receiverWith: printed('roleready.js'),
  message: z
    .object({
      headers: headersFrom('RoleReady-Webhook/1.0').extend({
        'x-webhook-event': z.string(),
        'x-webhook-delivery-id': z.uuid(),
      }),
      body: z.strictObject({
        event: z.string(),
        deliveryId: z.uuid(),
        timestamp: z.iso.datetime({ precision: 3 }),
        userId: z.string(),
        data: z.unknown(),
      }),
    })
    .refine(({ headers, body }) => headers['x-webhook-delivery-id'] === body.deliveryId, 'two ids of the delivery')
    .transform(({ headers, body }) => ({
      id: body.deliveryId,
      types: [headers['x-webhook-event'], body.event],
      subject: body.userId,
      data: body.data,
    })),
};

const notification = z.looseObject({ id: z.int() });

const aifai: System = {
  dialect: 'aifai',
  makeWebhook: async (user, { url }) => {
    const wanted = { enable_webhook: true, webhook_url: url };
    const { status, text, json } = await user.raw('PUT', '/api/v1/notifications/preferences/', wanted);
    if (status !== 200) throw new Error(`the preferences were answered ${status}: ${text}`);
    return z.object({ webhook_secret: z.string() }).parse(json).webhook_secret;
  },
  receiverWith: printed('aifai.js'),
  message: z
    .object({
      headers: headersFrom('AIFAI-Webhook/1.0').extend({ 'x-aifai-event': z.string() }),
      body: z.strictObject({
        event: z.string(),
        notification,
        timestamp: z.iso.datetime({ precision: 0 }),
        platform: z.literal('aifai'),
      }),
    })
    .transform(({ headers, body }) => ({
      id: String(body.notification.id),
      types: [headers['x-aifai-event'], body.event],
      data: body.notification,
    })),
  // Its receivers tell duplicates by the id of the notification.
  dataOf: (example, n) => ({ ...notification.parse(example), id: n + 1 }),
};

const hub: System = {
  dialect: 'hub',
  makeWebhook: async (user, { url, types, secret }) => {
    // Its 60 a minute would make a run of hours.
    const wanted = { name: 'All of it', url, events: types, secret, rateLimit: 100_000 };
    await user.post('/api/webhooks', wanted, z.object({ id: z.string(), rateLimit: z.literal(100_000) }));
    return secret;
  },
  receiverWith: printed('hub.ts'),
  message: z
    .object({
      headers: headersFrom('Bellwire/1.0').extend({
        'x-webhook-id': z.string().startsWith('ep_'),
        'x-delivery-id': z.uuid(),
        'x-event-type': z.string(),
      }),
      body: z.unknown(),
    })
    .transform(({ headers, body }) => ({
      id: headers['x-delivery-id'],
      types: [headers['x-event-type']],
      data: body,
    })),
};

const notely: System = {
  dialect: 'notely',
  makeWebhook: async (user, { url, types }) => {
    const wanted = { url, event_types: types, retry_count: 3, timeout_seconds: 10 };
    return (await user.post('/api/webhooks', wanted, createdEndpoint)).secret;
  },
  receiverWith: printed('notely.js'),
  message: z
    .object({
      headers: headersFrom('Bellwire/1.0').extend({ 'x-webhook-delivery-id': z.uuid() }),
      body: z.strictObject({ event_type: z.string(), data: z.unknown() }),
    })
    .transform(({ headers, body }) => ({
      id: headers['x-webhook-delivery-id'],
      types: [body.event_type],
      data: body.data,
    })),
};

const standard: System = {
  dialect: 'standard',
  makeWebhook: async (user, { url, types }) =>
    (await user.post('/v1/endpoints', { url, event_types: types }, createdEndpoint)).secret,
  receiverWith: (secret) => {
    const webhook = new Webhook(secret);
    return ({ headers, body }) => {
      webhook.verify(body, headers);
      return 204;
    };
  },
  message: z
    .object({
      headers: headersFrom('Bellwire/1.0').extend({ 'webhook-id': z.string().startsWith('evt_') }),
      body: z.strictObject({ type: z.string(), timestamp: z.iso.datetime({ precision: 3 }), data: z.unknown() }),
    })
    .transform(({ headers, body }) => ({ id: headers['webhook-id'], types: [body.type], data: body.data })),
};

export const systems: readonly System[] = [contribux, roleReady, aifai, hub, notely, standard];
