import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type ReceivedRequest, type Receiver } from '@bellwire/testing';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { apiOf, created, createdEndpoint, createdKey, nothing, until, type Api } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';

let target: Target;
let receiver: Receiver;
useTarget((running) => ({ target, receiver } = running));

/** A new tenant, and one of its users. */
const newUser = async (dialect: string): Promise<{ api: Api; user: Api }> => {
  const admin = apiOf(target.rest, target.adminKey);
  const { id } = await admin.post('/v1/tenants', { name: dialect, dialect }, created);
  const newApi = async (subject?: string): Promise<Api> =>
    apiOf(target.rest, (await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'test', subject }, createdKey)).key);
  return { api: await newApi(), user: await newApi('1') };
};

const arrivals = (path: string): readonly ReceivedRequest[] =>
  receiver.requests.filter((request) => request.path === path);

const arrival = (path: string, number: number): Promise<ReceivedRequest> =>
  until(`request ${number} to ${path}`, async () => arrivals(path)[number - 1]);

/** An event, and the request that it becomes. */
const delivered = async (api: Api, path: string, type = 'order.paid'): Promise<ReceivedRequest> => {
  const number = arrivals(path).length + 1;
  await api.post('/v1/events', { type, data: {}, subject: '1' }, created);
  return await arrival(path, number);
};

const rotate = (api: Api, id: string, body?: object) =>
  api.post(`/v1/endpoints/${id}/rotate-secret`, body, createdEndpoint);

/** As a receiver that holds this secret says it. */
const accepts = (secret: string, { headers, body }: ReceivedRequest): boolean => {
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  try {
    new Webhook(secret).verify(body.toString(), texts);
    return true;
  } catch {
    return false;
  }
};

const hexOf = (secret: string, signed: string | Buffer): string =>
  createHmac('sha256', secret).update(signed).digest('hex');

describe('receivers of standard', () => {
  test('accept with the old and with the new secret during the overlap, and with the new one alone after it', async () => {
    const overlapMs = 5000;
    const { api } = await newUser('standard');
    const made = await api.post('/v1/endpoints', { url: receiver.url('/overlap') }, createdEndpoint);
    const before = await delivered(api, '/overlap');
    expect(accepts(made.secret, before)).toBe(true);

    const askedAtMs = Date.now();
    const { secret } = await rotate(api, made.id, { overlap_seconds: overlapMs / 1000 });
    const answeredAtMs = Date.now();
    expect(accepts(secret, before)).toBe(false);
    const during = await delivered(api, '/overlap');
    expect(during.receivedAtMs).toBeLessThan(askedAtMs + overlapMs);
    expect([accepts(made.secret, during), accepts(secret, during)]).toEqual([true, true]);

    await until('the end of the overlap', async () => (Date.now() > answeredAtMs + overlapMs ? true : undefined));
    const after = await delivered(api, '/overlap');
    expect([accepts(made.secret, after), accepts(secret, after)]).toEqual([false, true]);
  });

  test('accept with either where the rotation says nothing of an overlap', async () => {
    const { api } = await newUser('standard');
    const made = await api.post('/v1/endpoints', { url: receiver.url('/default') }, createdEndpoint);
    const { secret } = await rotate(api, made.id);
    const request = await delivered(api, '/default');
    expect([accepts(made.secret, request), accepts(secret, request)]).toEqual([true, true]);
  });

  test('accept with the new secret alone at once where there is no overlap, a retry of what was sent before too', async () => {
    receiver.answer('/at-once', [500, 200]);
    const { api } = await newUser('standard');
    const retry = { schedule_seconds: [3] };
    const made = await api.post('/v1/endpoints', { url: receiver.url('/at-once'), retry }, createdEndpoint);
    const first = await delivered(api, '/at-once');
    const { secret } = await rotate(api, made.id, { overlap_seconds: 0 });
    const second = await arrival('/at-once', 2);
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect([first, second].map((request) => accepts(made.secret, request))).toEqual([true, false]);
    expect([first, second].map((request) => accepts(secret, request))).toEqual([false, true]);
  });
});

test('receivers of stripe find a signature of each secret during the overlap, that of the new one first', async () => {
  const { api } = await newUser('stripe');
  const made = await api.post('/v1/endpoints', { url: receiver.url('/stripe') }, createdEndpoint);
  const { secret } = await rotate(api, made.id);
  const { headers, body } = await delivered(api, '/stripe');
  const header = String(headers['stripe-signature']);
  const [, timestamp = ''] = /^t=([0-9]+),/.exec(header) ?? [];
  const signed = `${timestamp}.${body.toString()}`;
  expect(header).toBe(`t=${timestamp},v1=${hexOf(secret, signed)},v1=${hexOf(made.secret, signed)}`);
});

describe('where the format has room for one signature', () => {
  test.each([
    ['contribux', 'opportunity.matched', 'x-contribux-signature', 'sha256='],
    ['roleready', 'resume.parsed', 'x-webhook-signature', ''],
    ['aifai', 'notification', 'x-aifai-signature', 'sha256='],
    ['hub', 'task.completed', 'x-hub-signature', 'sha256='],
    ['notely', 'task.completed', 'x-webhook-signature', 'sha256='],
    ['github', 'push', 'x-hub-signature-256', 'sha256='],
  ])('%s is signed with the new secret alone, overlap or not', async (dialect, type, header, prefix) => {
    const path = `/one/${dialect}`;
    const { api } = await newUser(dialect);
    const made = await api.post('/v1/endpoints', { url: receiver.url(path) }, createdEndpoint);
    const before = await delivered(api, path, type);
    expect(before.headers[header]).toBe(prefix + hexOf(made.secret, before.body));
    const { secret } = await rotate(api, made.id, { overlap_seconds: 600 });
    const after = await delivered(api, path, type);
    expect(after.headers[header]).toBe(prefix + hexOf(secret, after.body));
  });
});

/** How a user of a system makes a webhook by its own routes, and comes to another secret. */
interface OwnWay {
  dialect: string;
  type: string;
  header: string;
  prefix: string;
  make(user: Api, url: string): Promise<() => Promise<string>>;
}

const changedSecret = async (user: Api, path: string): Promise<string> => {
  const secret = 'another secret of the user';
  expect((await user.raw('PATCH', path, { secret })).status).toBe(200);
  return secret;
};

const ownWays: readonly OwnWay[] = [
  {
    dialect: 'roleready',
    type: 'resume.parsed',
    header: 'x-webhook-signature',
    prefix: '',
    make: async (user, url) => {
      await user.post('/api/webhooks/config', { url }, nothing);
      const withSecret = z.object({ secret: z.string() });
      return async () => (await user.post('/api/webhooks/regenerate-secret', undefined, withSecret)).secret;
    },
  },
  {
    dialect: 'hub',
    type: 'task.completed',
    header: 'x-hub-signature',
    prefix: 'sha256=',
    make: async (user, url) => {
      const { id } = await user.post('/api/webhooks', { name: 'One', url, events: ['task.completed'] }, created);
      return () => changedSecret(user, `/api/webhooks/${id}`);
    },
  },
  {
    dialect: 'contribux',
    type: 'opportunity.matched',
    header: 'x-contribux-signature',
    prefix: 'sha256=',
    make: async (user, url) => {
      const path = '/api/v1/users/me/webhooks';
      const wanted = { url, events: ['opportunity.matched'], secret: 'a secret of the user' };
      const { webhook_id } = await user.post(path, wanted, z.object({ webhook_id: z.string() }));
      return () => changedSecret(user, `${path}/${webhook_id}`);
    },
  },
];

test.each(ownWays)('a secret that users of $dialect change signs alone at once', async (way) => {
  const path = `/own/${way.dialect}`;
  const { api, user } = await newUser(way.dialect);
  const renew = await way.make(user, receiver.url(path));
  const before = await delivered(api, path, way.type);
  const secret = await renew();
  expect(before.headers[way.header]).not.toBe(way.prefix + hexOf(secret, before.body));
  const after = await delivered(api, path, way.type);
  expect(after.headers[way.header]).toBe(way.prefix + hexOf(secret, after.body));
});
