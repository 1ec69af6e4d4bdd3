import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { type ReceivedRequest, type Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { nothing, until } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';
import { enabledPreferences, isSignedWith, newPlatform, none, preferences, sent } from './aifai-agents.ts';
import { list, payload, request, updates } from './aifai-document.ts';
import { callsOf, runInOneShell } from './documented-calls.ts';
import { shapeDifferences } from './shape.ts';

const endpoints = z.object({ data: z.array(z.unknown()) });
const ownEndpoints = z.object({ data: z.array(z.object({ id: z.string() })) });
const planned = z.object({ excluded_counts: z.record(z.string(), z.int()) });

let target: Target;
let receiver: Receiver;
useTarget((running) => ({ target, receiver } = running));

const arrivedAt = (path: string): readonly ReceivedRequest[] =>
  receiver.requests.filter((received) => received.path === path);
const idsAt = (path: string): readonly number[] =>
  arrivedAt(path).map(({ body }) => sent.parse(JSON.parse(body.toString())).notification.id);
const arrive = (path: string, count: number, timeoutMs?: number) =>
  receiver.received(() => arrivedAt(path).length >= count, timeoutMs);
const enable = (path: string) => ({ enable_webhook: true, webhook_url: receiver.url(path) });

/** A request with the head that is printed, and no other header than those that HTTP needs. */
const sendPrinted = async (printed: string, key: string): Promise<{ status: number | undefined; json: unknown }> => {
  const [head = '', body = ''] = printed.replace('{api_key}', key).split('\n\n');
  const [line = '', ...headers] = head.split('\n');
  const [method = '', path = ''] = line.split(' ');
  const named = headers.map((header) => header.split(': '));
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number | undefined; json: unknown }>();
  const call = httpRequest(target.rest + path, { method, headers: Object.fromEntries(named) }, (response) => {
    text(response).then((said) => resolve({ status: response.statusCode, json: JSON.parse(said) }), reject);
  });
  call.once('error', reject).end(body);
  return await promise;
};

describe('the examples of the document', () => {
  test('set a webhook, and the payload comes to it as it is printed', async () => {
    const platform = await newPlatform(target);
    const agent = await platform.agent('7');
    const ours = request.replace('https://your-endpoint.com/webhooks/aifai', receiver.url('/document'));
    const { status, json } = await sendPrinted(ours, agent.key);
    const { webhook_secret: secret, ...rest } = enabledPreferences.parse(json);
    expect([status, rest]).toEqual([200, { ...none, ...enable('/document') }]);

    await platform.notify('7', payload.notification.id);
    await arrive('/document', 1);
    const [received] = arrivedAt('/document');
    if (received === undefined) throw new Error('nothing has come');
    expect(received.body.toString()).toBe(JSON.stringify(payload));
    expect(received.method).toBe('POST');
    expect(received.headers).toMatchObject({
      'content-type': 'application/json',
      'x-aifai-event': 'notification',
      'user-agent': 'AIFAI-Webhook/1.0',
    });
    expect(isSignedWith(secret, received)).toBe(true);
    await agent.listed(1);
    const answer = await agent.api.get(list, nothing);
    expect(answer).toEqual({ notifications: [payload.notification], total: 1, limit: 50, offset: 0 });
  });

  test('in Python change what they name, and leave the rest', async () => {
    const agent = await (await newPlatform(target)).agent('7');
    let expected = none;
    for (const given of updates) {
      expected = preferences.parse({ ...expected, ...given });
      expect(await agent.put(given, preferences.loose())).toMatchObject(expected);
      expect(await agent.read()).toEqual(expected);
    }
  });

  test('and those of our page of it answer as is printed there', async () => {
    const calls = callsOf('aifai', 'Routes');
    expect(calls).toHaveLength(10);
    const outputs = await runInOneShell(
      calls.map(({ commands }) =>
        commands
          .replaceAll('http://127.0.0.1:8080', target.rest)
          .replaceAll('$(cat .bellwire/admin.key)', target.adminKey)
          .replaceAll('https://your-endpoint.com/webhooks/aifai', receiver.url('/page')),
      ),
    );
    for (const [index, { commands, printed }] of calls.entries()) {
      if (printed === undefined) continue;
      const answer: unknown = JSON.parse(outputs[index] ?? '');
      expect({ commands, differences: shapeDifferences(printed, answer) }).toEqual({ commands, differences: [] });
    }
    expect(JSON.parse(outputs.at(-1) ?? '')).toMatchObject({
      timeout_ms: 30_000,
      retry: { schedule_seconds: [2, 4, 6, 8, 10], retry_on: 'transient' },
    });
  });
});

describe('preferences', () => {
  test('can be set before there is a URL, and hold when it comes', async () => {
    const platform = await newPlatform(target);
    const agent = await platform.agent('7');
    expect(await agent.read()).toEqual(none);
    await agent.put({ enable_webhook: true, max_notifications_per_hour: 1 }, preferences);
    const withUrl = await agent.put({ webhook_url: receiver.url('/before') }, enabledPreferences);
    expect(withUrl).toMatchObject({ enable_webhook: true, max_notifications_per_hour: 1 });
    for (const id of [1, 2]) await platform.notify('7', id);
    const statuses = (await agent.ended(2)).map(({ status }) => status).toSorted();
    expect(statuses).toEqual(['delivered', 'skipped']);
    expect(arrivedAt('/before')).toHaveLength(1);
  });

  test('end with a webhook that is deleted over /v1, and none of before come back', async () => {
    const agent = await (await newPlatform(target)).agent('7');
    await agent.put({ quiet_hours_start: 22, quiet_hours_end: 6 }, preferences);
    await agent.put(enable('/deleted'), enabledPreferences);
    await agent.put({ quiet_hours_start: null }, preferences);
    const [made] = (await agent.api.get('/v1/endpoints', ownEndpoints)).data;
    await agent.api.raw('DELETE', `/v1/endpoints/${made?.id}`);
    expect(await agent.read()).toEqual(none);
    const withHour = { ...none, quiet_hours_end: 7 };
    expect(await agent.put({ quiet_hours_end: 7 }, preferences)).toEqual(withHour);
    expect(await agent.read()).toEqual(withHour);
  });

  test('come as a form, as curl calls what it is not told of', async () => {
    const agent = await (await newPlatform(target)).agent('7');
    const printed = request
      .replace('\n\n', '\nContent-Type: application/x-www-form-urlencoded\n\n')
      .replace('https://your-endpoint.com/webhooks/aifai', receiver.url('/form'));
    expect(await sendPrinted(printed, agent.key)).toMatchObject({ status: 200, json: enable('/form') });
  });

  test('show the secret when a URL is enabled first, and never after', async () => {
    const platform = await newPlatform(target);
    const agent = await platform.agent('7');
    await agent.put({ webhook_url: receiver.url('/secret') }, preferences);
    await platform.notify('7', 1);
    expect(await agent.ended(1)).toMatchObject([{ status: 'skipped', reason: 'endpoint_disabled' }]);
    const { webhook_secret: secret } = await agent.put({ enable_webhook: true }, enabledPreferences);
    await agent.put({ enable_webhook: null }, preferences);
    expect(await agent.put({ enable_webhook: true }, preferences)).toMatchObject({ enable_webhook: true });
    await agent.put(enable('/secret/moved'), preferences);
    await platform.notify('7', 2);
    await arrive('/secret/moved', 1);
    expect(arrivedAt('/secret')).toEqual([]);
    expect(arrivedAt('/secret/moved').map((received) => isSignedWith(secret, received))).toEqual([true]);

    expect(await agent.put({ webhook_url: null }, preferences)).toEqual({ ...none, enable_webhook: true });
    expect(await agent.api.get('/v1/endpoints', nothing)).toMatchObject({ data: [] });
    const { webhook_secret: next } = await agent.put(enable('/secret/next'), enabledPreferences);
    expect(next).not.toBe(secret);
  });

  test('that come at once are all kept, in one webhook', async () => {
    const agent = await (await newPlatform(target)).agent('7');
    const secrets = await Promise.all([
      agent.put(enable('/at-once'), preferences.loose()),
      agent.put({ max_notifications_per_hour: 10 }, preferences.loose()),
      agent.put({ quiet_hours_start: 22 }, preferences.loose()),
      agent.put({ quiet_hours_end: 6 }, preferences.loose()),
      agent.put(enable('/at-once'), preferences.loose()),
    ]);
    expect(secrets.filter((answer) => 'webhook_secret' in answer)).toHaveLength(1);
    expect(await agent.read()).toEqual({
      ...none,
      ...enable('/at-once'),
      max_notifications_per_hour: 10,
      quiet_hours_start: 22,
      quiet_hours_end: 6,
    });
    expect((await agent.api.get('/v1/endpoints', endpoints)).data).toHaveLength(1);
  });

  test('say so when a receiver is gone', async () => {
    const platform = await newPlatform(target);
    const agent = await platform.agent('7');
    receiver.answer('/gone', 410);
    await agent.put(enable('/gone'), enabledPreferences);
    await platform.notify('7', 1);
    await until('the webhook to be disabled', async () => ((await agent.read()).enable_webhook ? undefined : true));
  });

  test('choose by type and priority, and what is left out is in the list', async () => {
    const platform = await newPlatform(target);
    const agent = await platform.agent('7');
    await agent.put({ ...enable('/filters'), notification_types: ['problem_matching'], priorities: ['high'] }, nothing);
    const low = await platform.notify('7', 1, { priority: 'low' });
    const other = await platform.notify('7', 2, { notification_type: 'mention' });
    await platform.notify('7', 3);
    for (const event of [low, other]) {
      await until('the event to be planned', async () => {
        const { status, json } = await platform.api.raw('GET', `/v1/events/${event}`);
        return status === 200 && planned.parse(json).excluded_counts['filter'] === 1 ? true : undefined;
      });
    }
    await arrive('/filters', 1);
    await agent.put({ priorities: null }, preferences);
    await platform.notify('7', 4, { priority: 'low' });
    await arrive('/filters', 2);
    expect(new Set(await agent.listed(4))).toEqual(new Set([1, 2, 3, 4]));
    expect(idsAt('/filters')).toEqual([3, 4]);
  });
});
