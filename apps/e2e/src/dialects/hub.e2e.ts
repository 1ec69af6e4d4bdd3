import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type ReceivedRequest, type Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { apiOf, until } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';
import { callsOf, runInOneShell } from './documented-calls.ts';
import { attempt, createAt, deliveries, deliveryThatIs, good, newTenant, publish, webhook } from './hub-webhooks.ts';
import { shapeDifferences } from './shape.ts';

const tested = z.object({
  ...attempt,
  deliveryId: z.uuid(),
  event: z.string(),
  success: z.boolean(),
  payload: z.unknown(),
});
const metrics = z.object({
  successRate: z.number().nullable(),
  averageResponseTime: z.number().nullable(),
  errorRate: z.record(z.string(), z.number()).nullable(),
  statusCodes: z.record(z.string(), z.number()),
  retryFrequency: z.number().nullable(),
  rateLimitHits: z.int(),
  deliveries: z.record(z.string(), z.int()),
});

let target: Target;
let receiver: Receiver;
useTarget((running) => ({ target, receiver } = running));

const arrived = (path: string): readonly ReceivedRequest[] =>
  receiver.requests.filter((request) => request.path === path);

const signatureOf = (secret: string, { body }: ReceivedRequest): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

describe('the calls of the document', () => {
  // As they are printed there; the host, the token and the id are put in.
  const create = `curl -X POST https://api.example.com/api/webhooks \\
  -H "Authorization: Bearer your-token" \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "My Webhook",
    "url": "https://your-domain.com/webhook",
    "events": ["task.completed", "task.updated"],
    "secret": "your-secret-key"
  }'`;
  const createForTests = `curl -X POST https://api.example.com/api/webhooks \\
  -H "Authorization: Bearer your-token" \\
  -H "Content-Type: application/json" \\
  -d '{
    "name": "Test Webhook",
    "url": "https://your-domain.com/webhook",
    "events": ["task.completed"],
    "secret": "test-secret",
    "testMode": true
  }'`;
  const sendTest = `curl -X POST https://api.example.com/api/webhooks/{webhook-id}/test \\
  -H "Authorization: Bearer your-token" \\
  -H "Content-Type: application/json" \\
  -d '{
    "taskId": "123",
    "status": "completed"
  }'`;

  const runAs = (key: string) => async (command: string, id: string) => {
    const ours = command
      .replace('https://api.example.com', target.rest)
      .replace('your-token', key)
      .replace('{webhook-id}', id);
    const [printed = ''] = await runInOneShell([`${ours.replace('curl', 'curl -sf')}\necho`]);
    const answer: unknown = JSON.parse(printed);
    return answer;
  };

  test('register a webhook, whose secret is in no answer', async () => {
    const key = await (await newTenant(target)).keyOf('42');
    const made = webhook.parse(await runAs(key)(create, ''));
    expect(made).toMatchObject({
      name: 'My Webhook',
      url: 'https://your-domain.com/webhook',
      events: ['task.completed', 'task.updated'],
      testMode: false,
      active: true,
      maxRetries: 3,
      rateLimit: 60,
    });
    expect(await apiOf(target.rest, key).get(`/api/webhooks/${made.id}`, webhook)).toEqual(made);
  });

  test('register a webhook for tests, which receives test events and no others', async () => {
    const tenant = await newTenant(target);
    const key = await tenant.keyOf('42');
    const user = apiOf(target.rest, key);
    const { id, testMode } = webhook.parse(await runAs(key)(createForTests, ''));
    expect(testMode).toBe(true);
    await user.raw('PATCH', `/api/webhooks/${id}`, { url: receiver.url('/test-mode') });
    const beside = await createAt(user, receiver.url('/beside'));
    await publish(tenant, '42');
    await deliveryThatIs(user, beside.id, 'delivered');

    const result = tested.parse(await runAs(key)(sendTest, id));
    expect(result).toMatchObject({
      event: 'task.completed',
      success: true,
      statusCode: 200,
      error: null,
      payload: { taskId: '123', status: 'completed' },
    });
    const [sent, ...others] = arrived('/test-mode');
    expect([String(sent?.body), others]).toEqual(['{"taskId":"123","status":"completed"}', []]);
    expect(sent?.headers).toMatchObject({
      'x-webhook-id': id,
      'x-delivery-id': result.deliveryId,
      'x-event-type': 'task.completed',
      'content-type': 'application/json',
    });
    expect(sent?.headers['x-hub-signature']).toBe(sent && signatureOf('test-secret', sent));
    expect(await deliveryThatIs(user, id, 'delivered')).toMatchObject({ id: result.deliveryId, test: true });
  });

  test('and those of our page of it answer as is printed there', async () => {
    const calls = callsOf('hub', 'Routes');
    expect(calls).toHaveLength(12);
    const outputs = await runInOneShell(
      calls.map(({ commands }) =>
        commands
          .replaceAll('http://127.0.0.1:8080', target.rest)
          .replaceAll('$(cat .bellwire/admin.key)', target.adminKey)
          .replaceAll('https://your-domain.com/webhook', receiver.url('/page')),
      ),
    );
    for (const [index, { commands, printed }] of calls.entries()) {
      if (printed === undefined) continue;
      const answer: unknown = JSON.parse(outputs[index] ?? '');
      // Which statuses there are depends on the receiver.
      const differences = shapeDifferences(printed, answer).filter((each) => !each.startsWith('answer.statusCodes.'));
      expect({ commands, differences }).toEqual({ commands, differences: [] });
    }
  });
});

describe('a webhook', () => {
  test('receives the events of its user, and shows them with their payloads', async () => {
    const tenant = await newTenant(target);
    const user = await tenant.user('1');
    const { id, secret } = await createAt(user, receiver.url('/life'));
    const { id: eventId } = await publish(tenant, '1', { taskId: '1', title: 'é' });
    await publish(tenant, '2', { of: 'another' });
    await publish(tenant, '1', { of: 'another type' }, 'task.deleted');

    const done = await deliveryThatIs(user, id, 'delivered');
    expect(done).toMatchObject({ event: 'task.completed', eventId, test: false, retries: 0, error: null });
    const [sent, ...others] = arrived('/life');
    expect([String(sent?.body), others]).toEqual(['{"taskId":"1","title":"é"}', []]);
    expect(sent?.headers).toMatchObject({ 'x-webhook-id': id, 'x-delivery-id': done.id });
    expect(sent?.headers['x-hub-signature']).toBe(sent && signatureOf(secret, sent));
    const shown = await user.raw('GET', `/api/webhooks/${id}/deliveries/${done.id}`);
    expect(shown.json).toMatchObject({ id: done.id, payload: { taskId: '1', title: 'é' } });
    expect(await user.get(`/api/webhooks/${id}/metrics`, metrics)).toMatchObject({
      successRate: 1,
      averageResponseTime: expect.any(Number),
      errorRate: { rejected: 0, timed_out: 0, unreachable: 0, blocked: 0 },
      statusCodes: { 200: 1 },
      retryFrequency: 0,
      rateLimitHits: 0,
    });
    const { headers } = await user.raw('GET', `/api/webhooks/${id}`);
    for (const name of ['limit', 'remaining', 'reset']) expect(headers.get(`x-ratelimit-${name}`)).toMatch(/^\d+$/);
  });

  test('is tried again after five seconds, as often as it says, and then given up', async () => {
    const tenant = await newTenant(target);
    const user = await tenant.user('1');
    receiver.answer('/again', [429, 500]);
    const { id } = await createAt(user, receiver.url('/again'), { maxRetries: 1 });
    await publish(tenant, '1');
    const waiting = await deliveryThatIs(user, id, 'retrying');
    expect(waiting).toMatchObject({ retries: 0, error: 'The receiver answered 429.' });
    expect(waiting.nextRetryAt).not.toBeNull();
    expect(await deliveryThatIs(user, id, 'dead_lettered')).toMatchObject({
      id: waiting.id,
      retries: 1,
      error: 'The receiver answered 500.',
      attempts: [{ statusCode: 429 }, { statusCode: 500 }],
    });
    const [first, second, ...more] = arrived('/again');
    const waitedMs = (second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(4990);
    expect(waitedMs).toBeLessThan(9000);
    expect(more).toEqual([]);
    expect(second?.headers['x-delivery-id']).toBe(first?.headers['x-delivery-id']);
    expect(await user.get(`/api/webhooks/${id}/metrics`, metrics)).toMatchObject({
      successRate: 0,
      errorRate: { rejected: 1 },
      statusCodes: { 429: 1, 500: 1 },
      retryFrequency: 1,
      rateLimitHits: 1,
      deliveries: { dead_lettered: 1 },
    });
  });

  test('may have ten retries, and gets the waits of the document', async () => {
    const user = await (await newTenant(target)).user('1');
    const { id } = await createAt(user, receiver.url('/ten'), { maxRetries: 10 });
    const { json } = await user.raw('GET', `/v1/endpoints/${id}`);
    const schedule_seconds = [5, 25, 125, 625, 3125, 3600, 3600, 3600, 3600, 3600];
    expect(json).toMatchObject({ subject: '1', retry: { schedule_seconds, retry_on: 'any_failure' } });
  });

  test('that is not active is not called, and is again when it is', async () => {
    const tenant = await newTenant(target);
    const user = await tenant.user('1');
    const { id } = await createAt(user, receiver.url('/switch'));
    const change = (active: boolean) => user.raw('PATCH', `/api/webhooks/${id}`, { active });
    expect(webhook.parse((await change(false)).json).active).toBe(false);
    await publish(tenant, '1', { at: 'off' });
    await deliveryThatIs(user, id, 'skipped');
    await change(true);
    await publish(tenant, '1', { at: 'on' });
    await deliveryThatIs(user, id, 'delivered');
    expect(arrived('/switch').map(({ body }) => String(body))).toEqual(['{"at":"on"}']);
  });

  test('is changed member by member, replaced as a whole, and deleted', async () => {
    const user = await (await newTenant(target)).user('1');
    const { secret: _made, ...before } = await createAt(user, receiver.url('/before'));
    const path = `/api/webhooks/${before.id}`;
    const changes = { name: 'Other', url: receiver.url('/after'), events: ['task.deleted'], testMode: true };
    const more = { maxRetries: 0, rateLimit: 5 };
    const changed = webhook.parse((await user.raw('PATCH', path, { ...changes, ...more, secret: 'new' })).json);
    expect(changed).toEqual({ ...before, ...changes, ...more });
    await user.raw('POST', `${path}/test`, { taskId: '1' });
    const [sent] = arrived('/after');
    expect(sent?.headers['x-hub-signature']).toBe(sent && signatureOf('new', sent));
    expect(webhook.parse((await user.raw('PATCH', path, {})).json)).toEqual(changed);
    const replaced = { ...good, url: receiver.url('/before') };
    expect(webhook.parse((await user.raw('PUT', path, replaced)).json)).toEqual(before);
    expect(await user.get('/api/webhooks', z.array(webhook))).toEqual([before]);

    expect(await user.raw('DELETE', path)).toMatchObject({ status: 204, text: '' });
    expect(await user.get('/api/webhooks', z.array(webhook))).toEqual([]);
    for (const rest of ['', '/deliveries', '/metrics']) expect((await user.raw('GET', path + rest)).status).toBe(404);
  });

  test('of the whole tenant gets events without a subject, too', async () => {
    const tenant = await newTenant(target);
    const { id } = await createAt(tenant.whole, receiver.url('/whole'), { events: ['system.error'] });
    await publish(tenant, undefined, { code: 'DB_ERROR', severity: 'high' }, 'system.error');
    expect(await deliveryThatIs(tenant.whole, id, 'delivered')).toMatchObject({ event: 'system.error' });
  });
});

describe('the rate limit', () => {
  test('lets 60 requests go at once, the rest a minute later, and counts those', async () => {
    const tenant = await newTenant(target);
    const user = await tenant.user('1');
    const { id } = await createAt(user, receiver.url('/burst'));
    await Promise.all(Array.from({ length: 70 }, (_, index) => publish(tenant, '1', { index })));
    await receiver.received(() => arrived('/burst').length >= 60, 20_000);
    await receiver.received(() => arrived('/burst').length === 70, 90_000);
    const counted = await until('all to be recorded', async () => {
      const found = await user.get(`/api/webhooks/${id}/metrics`, metrics);
      return found.deliveries['delivered'] === 70 ? found : undefined;
    });
    expect(counted).toMatchObject({ rateLimitHits: 10, retryFrequency: 0, successRate: 1 });
    const { data } = await user.get(`/api/webhooks/${id}/deliveries?limit=100`, deliveries);
    const startsMs = data
      .flatMap(({ attempts }) => attempts.map(({ sentAt }) => Date.parse(sentAt)))
      .toSorted((a, b) => a - b);
    const spans = startsMs.slice(60).map((later, index) => later - (startsMs[index] ?? 0));
    expect(spans).toHaveLength(10);
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(61_000);
    expect((startsMs[59] ?? 0) - (startsMs[0] ?? 0)).toBeLessThan(20_000);
  }, 180_000);
});
