import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { apiOf, created, createdKey, until, type Api } from '../target/api.ts';
import { removeDataDir, startTarget, type Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';
import { callsOf, runInOneShell } from './documented-calls.ts';
import { createdWebhook, delivery, refusal, stats, testResult, webhook } from './notely-shapes.ts';
import { shapeDifferences } from './shape.ts';

let suite: Target;
let receiver: Receiver;
useTarget((running) => ({ target: suite, receiver } = running));

interface Tenant {
  /** For the tenant itself, which publishes. */
  whole: Api;
  keyOf(subject: string): Promise<string>;
  user(subject: string): Promise<Api>;
}

const newTenant = async (target: Target = suite, dialect = 'notely'): Promise<Tenant> => {
  const admin = apiOf(target.rest, target.adminKey);
  const { id } = await admin.post('/v1/tenants', { name: dialect, dialect }, created);
  const newKey = async (subject?: string) =>
    (await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'test', subject }, createdKey)).key;
  return {
    whole: apiOf(target.rest, await newKey()),
    keyOf: newKey,
    user: async (subject) => apiOf(target.rest, await newKey(subject)),
  };
};

const createAt = (user: Api, path: string, more: Record<string, unknown> = {}) =>
  user.post('/api/webhooks', { url: receiver.url(path), event_types: ['task.completed'], ...more }, createdWebhook);

const publish = (tenant: Tenant, subject: string, data: unknown = { id: '1' }) =>
  tenant.whole.post('/v1/events', { type: 'task.completed', data, subject }, created);

const deliveriesOf = (user: Api, id: string) => user.get(`/api/webhooks/${id}/deliveries`, z.array(delivery));

/** The latest delivery of a webhook, once it has the status. */
const deliveryThatIs = (user: Api, id: string, status: string) =>
  until(`a delivery that is ${status}`, async () => {
    const [latest] = await deliveriesOf(user, id);
    return latest?.status === status ? latest : undefined;
  });

describe('the calls of the document', () => {
  // Its two commands as they are printed there; the host, the token and the id are put in.
  const create = `curl -X POST https://api.notely.app/api/webhooks \\
  -H "Authorization: Bearer YOUR_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{
    "url": "https://example.com/webhook",
    "event_types": ["email.received", "task.completed"],
    "description": "My webhook",
    "retry_count": 3,
    "timeout_seconds": 10
  }'`;
  const sendTest = `curl -X POST https://api.notely.app/api/webhooks/1/test \\
  -H "Authorization: Bearer YOUR_TOKEN"`;

  test('create a webhook and test it', async () => {
    const tenant = await newTenant();
    const key = await tenant.keyOf('42');
    const user = apiOf(suite.rest, key);
    const run = async (command: string): Promise<unknown> => {
      const ours = command.replace('https://api.notely.app', suite.rest).replace('YOUR_TOKEN', key);
      const [printed = ''] = await runInOneShell([`${ours.replace('curl', 'curl -sf')}\necho`]);
      return JSON.parse(printed);
    };
    const made = createdWebhook.parse(await run(create));
    expect(made).toMatchObject({
      user_id: '42',
      url: 'https://example.com/webhook',
      event_types: ['email.received', 'task.completed'],
      description: 'My webhook',
      is_active: true,
      retry_count: 3,
      timeout_seconds: 10,
    });

    await user.raw('PATCH', `/api/webhooks/${made.id}`, { url: receiver.url('/document') });
    const result = await run(sendTest.replace('/1/', `/${made.id}/`));
    expect(testResult.parse(result)).toMatchObject({ success: true, status_code: 200 });
    const [sent] = await receiver.received((all) => all.some(({ path }) => path === '/document'));
    expect(JSON.parse(String(sent?.body))).toMatchObject({ event_type: 'webhook.test', data: { test: true } });
    const signature = createHmac('sha256', made.secret).update(String(sent?.body)).digest('hex');
    expect(sent?.headers['x-webhook-signature']).toBe(`sha256=${signature}`);
  });

  test('and those of our page of it answer as is printed there', async () => {
    const calls = callsOf('notely', 'Routes');
    expect(calls).toHaveLength(10);
    const outputs = await runInOneShell(
      calls.map(({ commands }) =>
        commands
          .replaceAll('http://127.0.0.1:8080', suite.rest)
          .replaceAll('$(cat .bellwire/admin.key)', suite.adminKey)
          .replaceAll('https://example.com/webhook', receiver.url('/page')),
      ),
    );
    for (const [index, { commands, printed }] of calls.entries()) {
      if (printed === undefined) continue;
      const answer: unknown = JSON.parse(outputs[index] ?? '');
      expect({ commands, differences: shapeDifferences(printed, answer) }).toEqual({ commands, differences: [] });
    }
  });
});

test('the 17 event types have descriptions, and the groups of the document', async () => {
  const user = await (await newTenant()).user('1');
  const type = z.strictObject({ value: z.string(), description: z.string().min(5), group: z.string() });
  const types = await user.get('/api/webhooks/event-types', z.array(type));
  const sizes = Object.entries(Object.groupBy(types, ({ group }) => group)).map(([group, of]) => [group, of?.length]);
  expect(Object.fromEntries(sizes)).toEqual({ Email: 3, Calendar: 3, Tasks: 4, Indexing: 3, User: 2, System: 2 });
});

describe('a webhook', () => {
  test('receives the events of its user, and shows what came of them', async () => {
    const tenant = await newTenant();
    const user = await tenant.user('1');
    const { id, secret } = await createAt(user, '/life');
    const event = await publish(tenant, '1', { title: 'Caf\u00e9' });
    await publish(tenant, '2', { title: 'of another' });

    const done = await deliveryThatIs(user, id, 'success');
    expect(done).toMatchObject({
      subscription_id: id,
      event_id: event.id,
      event_type: 'task.completed',
      attempt_count: 1,
      response_status_code: 200,
      error_message: null,
    });
    const [sent, ...others] = receiver.requests.filter(({ path }) => path === '/life');
    expect(others).toEqual([]);
    expect(String(sent?.body)).toBe('{"event_type":"task.completed","data":{"title":"Caf\u00e9"}}');
    expect(sent?.headers['x-webhook-delivery-id']).toBe(done.id);
    const signature = createHmac('sha256', secret).update(String(sent?.body)).digest('hex');
    expect(sent?.headers['x-webhook-signature']).toBe(`sha256=${signature}`);
    const counts = { total_deliveries: 1, successful_deliveries: 1, failed_deliveries: 0 };
    expect(await user.get(`/api/webhooks/${id}`, webhook)).toMatchObject(counts);
    expect(await user.get('/api/webhooks', z.array(webhook))).toMatchObject([{ id, ...counts }]);
  });

  test('is tried again after two seconds, as often as it says, and then has failed', async () => {
    const tenant = await newTenant();
    const user = await tenant.user('1');
    receiver.answer('/again', 503);
    const { id } = await createAt(user, '/again', { retry_count: 1 });
    await publish(tenant, '1');
    const waiting = await deliveryThatIs(user, id, 'retrying');
    expect(waiting).toMatchObject({
      attempt_count: 1,
      response_status_code: 503,
      error_message: 'The webhook answered 503.',
    });
    expect(await deliveryThatIs(user, id, 'failed')).toMatchObject({ id: waiting.id, attempt_count: 2 });
    const [first, second] = receiver.requests.filter(({ path }) => path === '/again');
    const waitedMs = (second?.receivedAtMs ?? 0) - (first?.receivedAtMs ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(1990);
    expect(waitedMs).toBeLessThan(6000);
  });

  test('is given up after as many seconds as it says', async () => {
    const tenant = await newTenant();
    const user = await tenant.user('1');
    receiver.answer('/slow', { hang: 'before_headers' });
    const { id } = await createAt(user, '/slow', { timeout_seconds: 1 });
    const result = await user.post(`/api/webhooks/${id}/test`, undefined, testResult);
    expect(result).toMatchObject({ success: false, status_code: null, response_body: null });
    expect(result.message).not.toBe('');
  });

  test('that is not active is not called, and is again when it is', async () => {
    const tenant = await newTenant();
    const user = await tenant.user('1');
    const { id, is_active } = await createAt(user, '/switch', { is_active: false });
    expect(is_active).toBe(false);
    await publish(tenant, '1', { at: 'off' });
    await deliveryThatIs(user, id, 'skipped');
    const changed = await user.raw('PATCH', `/api/webhooks/${id}`, { is_active: true });
    expect(webhook.parse(changed.json).is_active).toBe(true);
    await publish(tenant, '1', { at: 'on' });
    await deliveryThatIs(user, id, 'success');
    const bodies = receiver.requests.filter(({ path }) => path === '/switch').map(({ body }) => String(body));
    expect(bodies).toEqual(['{"event_type":"task.completed","data":{"at":"on"}}']);
  });

  test('is changed member by member', async () => {
    const user = await (await newTenant()).user('1');
    const { secret: _secret, ...before } = await createAt(user, '/before', { description: 'Old' });
    const path = `/api/webhooks/${before.id}`;
    const changes = { url: receiver.url('/after'), event_types: ['email.sent'], retry_count: 0, timeout_seconds: 60 };
    const changed = webhook.parse((await user.raw('PATCH', path, changes)).json);
    expect(changed).toEqual({ ...before, ...changes, updated_at: changed.updated_at });
    expect(webhook.parse((await user.raw('PATCH', path, { description: null })).json).description).toBeNull();
    expect(webhook.parse((await user.raw('PATCH', path, {})).json).event_types).toEqual(['email.sent']);
  });

  test('that is deleted is gone', async () => {
    const user = await (await newTenant()).user('1');
    const { id } = await createAt(user, '/gone');
    expect(await user.raw('DELETE', `/api/webhooks/${id}`)).toMatchObject({ status: 204, text: '' });
    expect((await user.raw('GET', `/api/webhooks/${id}`)).status).toBe(404);
    expect((await user.raw('GET', `/api/webhooks/${id}/deliveries`)).status).toBe(404);
    expect((await user.raw('DELETE', `/api/webhooks/${id}`)).status).toBe(404);
  });
});

test('deliveries come in pages, tests among them, newest first', async () => {
  const user = await (await newTenant()).user('1');
  const { id } = await createAt(user, '/pages');
  const sent: string[] = [];
  for (let count = 0; count < 3; count++) {
    sent.unshift((await user.post(`/api/webhooks/${id}/test`, undefined, testResult)).delivery_id);
  }
  await until('three deliveries', async () => ((await deliveriesOf(user, id)).length === 3 ? true : undefined));
  const page = async (query: string) => {
    const { headers, json } = await user.raw('GET', `/api/webhooks/${id}/deliveries?${query}`);
    return {
      ids: z
        .array(delivery)
        .parse(json)
        .map((each) => each.id),
      total: headers.get('x-total-count'),
    };
  };
  expect(await page('limit=2')).toEqual({ ids: sent.slice(0, 2), total: '3' });
  expect(await page('limit=2&offset=2')).toEqual({ ids: sent.slice(2), total: '3' });
  expect(await page('offset=3')).toEqual({ ids: [], total: '3' });
});

test('statistics are those of the user', async () => {
  const tenant = await newTenant();
  const [user, other] = [await tenant.user('1'), await tenant.user('2')];
  const nothing = {
    last_24_hours: { total: 0, successful: 0, success_rate: null },
    pending_retries: 0,
    top_failing: [],
  };
  expect(await user.get('/api/webhooks/stats', stats)).toEqual(nothing);
  receiver.answer('/fails', 500);
  const failing = await createAt(user, '/fails', { retry_count: 0 });
  await createAt(user, '/works');
  await publish(tenant, '1');
  const counted = await until('two deliveries that have ended', async () => {
    const found = await user.get('/api/webhooks/stats', stats);
    return found.last_24_hours.successful === 1 && found.top_failing.length === 1 ? found : undefined;
  });
  expect(counted).toEqual({
    last_24_hours: { total: 2, successful: 1, success_rate: 50 },
    pending_retries: 0,
    top_failing: [{ subscription_id: failing.id, failures: 1 }],
  });
  expect(await other.get('/api/webhooks/stats', stats)).toEqual(nothing);
  expect((await user.raw('DELETE', `/api/webhooks/${failing.id}`)).status).toBe(204);
  expect(await user.get('/api/webhooks/stats', stats)).toEqual({ ...counted, top_failing: [] });
});

describe('bad input', () => {
  const good = { url: 'https://example.com/webhook', event_types: ['task.completed'] };
  const rows: readonly [what: string, body: unknown, path: string, reason?: string][] = [
    ['an unknown field', { ...good, name: 'x' }, 'name'],
    ['a secret', { ...good, secret: 'x'.repeat(40) }, 'secret'],
    ['a URL that is none', { ...good, url: 'nowhere' }, 'url', 'INVALID_URL'],
    ['another scheme', { ...good, url: 'ftp://example.com/' }, 'url', 'INVALID_URL'],
    ['a private address', { ...good, url: 'https://10.0.0.1/' }, 'url', 'INVALID_URL'],
    ['2049 characters', { ...good, url: `https://example.com/${'a'.repeat(2029)}` }, 'url', 'INVALID_URL'],
    ['a URL that is a list', { ...good, url: [] }, 'url'],
    ['an unknown event type', { ...good, event_types: ['task.exploded'] }, 'event_types[0]'],
    ['a pattern', { ...good, event_types: ['task.completed', 'task.*'] }, 'event_types[1]'],
    ['everything', { ...good, event_types: ['*'] }, 'event_types[0]'],
    ['no event types', { ...good, event_types: [] }, 'event_types'],
    ['event types as text', { ...good, event_types: 'task.completed' }, 'event_types'],
    ['a long description', { ...good, description: 'x'.repeat(1001) }, 'description'],
    ['a description that is a number', { ...good, description: 1 }, 'description'],
    ['11 retries', { ...good, retry_count: 11 }, 'retry_count'],
    ['-1 retries', { ...good, retry_count: -1 }, 'retry_count'],
    ['1.5 retries', { ...good, retry_count: 1.5 }, 'retry_count'],
    ['retries as text', { ...good, retry_count: '3' }, 'retry_count'],
    ['no time', { ...good, timeout_seconds: 0 }, 'timeout_seconds'],
    ['61 seconds', { ...good, timeout_seconds: 61 }, 'timeout_seconds'],
    ['seconds that are null', { ...good, timeout_seconds: null }, 'timeout_seconds'],
  ];

  test('is refused with what is wrong with it, and makes or changes nothing', async () => {
    const user = await (await newTenant()).user('1');
    const { secret: _secret, ...before } = await createAt(user, '/kept');
    for (const [what, body, path, reason = 'INVALID_FIELD'] of rows) {
      for (const [method, url] of [
        ['POST', '/api/webhooks'],
        ['PATCH', `/api/webhooks/${before.id}`],
      ] as const) {
        const { status, json } = await user.raw(method, url, body);
        const { reason: found, fields } = refusal.parse(json);
        expect([what, method, status, found, fields[0]?.path]).toEqual([what, method, 400, reason, path]);
      }
    }
    expect(await user.get('/api/webhooks', z.array(webhook))).toEqual([before]);
  });

  test('is refused where there is no body, no JSON, or a query that is not known', async () => {
    const user = await (await newTenant()).user('1');
    const { id } = await createAt(user, '/query');
    const calls: readonly [method: string, path: string, body?: unknown][] = [
      ['POST', '/api/webhooks'],
      ['POST', '/api/webhooks', '{"url":'],
      ['POST', '/api/webhooks', '[]'],
      ['POST', '/api/webhooks', '{"url":"https://a.example","url":"https://b.example","event_types":["task.created"]}'],
      ['PATCH', `/api/webhooks/${id}`],
      ['PATCH', `/api/webhooks/${id}`, { is_active: 'yes' }],
      ['POST', `/api/webhooks/${id}/test`, { event_type: 'task.completed' }],
      ['GET', '/api/webhooks?page=2'],
      ['GET', '/api/webhooks/stats?days=2'],
      ['GET', '/api/webhooks/event-types?group=Email'],
      ['GET', `/api/webhooks/${id}?secret=true`],
      ['GET', `/api/webhooks/${id}/deliveries?limit=0`],
      ['GET', `/api/webhooks/${id}/deliveries?limit=101`],
      ['GET', `/api/webhooks/${id}/deliveries?limit=many`],
      ['GET', `/api/webhooks/${id}/deliveries?offset=-1`],
      ['GET', `/api/webhooks/${id}/deliveries?offset=10001`],
    ];
    for (const [method, path, body] of calls) {
      expect([method, path, (await user.raw(method, path, body)).status]).toEqual([method, path, 400]);
    }
    expect(await user.get('/api/webhooks', z.array(webhook))).toHaveLength(1);
  });

  test('is a URL without TLS, outside development', async () => {
    const strict = await startTarget({ kind: 'suite', env: { BELLWIRE_EGRESS_ALLOW_HTTP: 'false' } });
    try {
      const user = await (await newTenant(strict)).user('1');
      const { status, json } = await user.raw('POST', '/api/webhooks', { ...good, url: 'http://example.com/webhook' });
      expect([status, refusal.parse(json).reason]).toEqual([400, 'INVALID_URL']);
      expect(await user.get('/api/webhooks', z.array(webhook))).toEqual([]);
    } finally {
      await strict.kill('SIGTERM');
      removeDataDir(strict.dataDir);
    }
  });
});

describe('somebody else', () => {
  test('does not find a webhook, whether of the same tenant or of another', async () => {
    const [tenant, foreign] = [await newTenant(), await newTenant()];
    const owner = await tenant.user('1');
    const { secret: _secret, ...before } = await createAt(owner, '/mine');
    const path = `/api/webhooks/${before.id}`;
    for (const other of [await tenant.user('2'), await foreign.user('1')]) {
      for (const [method, url, body] of [
        ['GET', path],
        ['PATCH', path, { is_active: false }],
        ['DELETE', path],
        ['POST', `${path}/test`],
        ['GET', `${path}/deliveries`],
      ] as const) {
        const { status, json } = await other.raw(method, url, body);
        expect([method, url, status, refusal.parse(json).reason]).toEqual([method, url, 404, 'NOT_FOUND']);
      }
      expect(await other.get('/api/webhooks', z.array(webhook))).toEqual([]);
    }
    expect(await owner.get(path, webhook)).toEqual(before);
    expect(receiver.requests.filter((request) => request.path === '/mine')).toEqual([]);
  });

  test('needs a key of a user, of a tenant of this dialect', async () => {
    const { whole } = await newTenant();
    const { status, json } = await whole.raw('GET', '/api/webhooks');
    expect([status, refusal.parse(json).reason]).toEqual([403, 'SUBJECT_NEEDED']);
    expect((await apiOf(suite.rest, 'nobody').raw('GET', '/api/webhooks')).status).toBe(401);
    const standard = await (await newTenant(suite, 'standard')).user('1');
    expect((await standard.raw('GET', '/api/webhooks')).status).toBe(404);
  });
});
