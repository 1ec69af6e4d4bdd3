import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startReceiver, type ReceivedRequest, type Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { apiOf, created, createdKey, until, type Api } from '../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';
import * as printed from './contribux-answers.ts';
import { shapeDifferences } from './shape.ts';

const collection = '/api/v1/users/me/webhooks';
const webhook = z.looseObject({ webhook_id: z.string(), active: z.boolean() });
const webhooks = z.object({ webhooks: z.array(webhook) });
const log = z.object({
  deliveries: z.array(z.looseObject({ event_type: z.string(), status: z.string(), retry_count: z.number() })),
  stats: z.looseObject({ total_deliveries: z.number() }),
});
const eventTypes = z.object({ data: z.array(z.object({ name: z.string(), example: z.unknown() })) });
const excluded = z.object({ excluded_counts: z.record(z.string(), z.number()) });
const payload = z.looseObject({ event: z.string(), data: z.looseObject({ test: z.boolean().optional() }) });
const refusal = z.object({ reason: z.string() });

interface User {
  readonly api: Api;
  readonly subject: string;
}

const dataDir = newDataDir();
let target: Target;
let receiver: Receiver;
let tenant: string;
/** A key of the tenant itself: it publishes. */
let publisher: Api;
let users = 0;
/** One of his own for each test: quotas are counted for each user. */
let user: User;
let path: string;

const newTenant = async (at: Target = target): Promise<string> => {
  const admin = apiOf(at.rest, at.adminKey);
  return (await admin.post('/v1/tenants', { name: 'contribux', dialect: 'contribux' }, created)).id;
};

const keyOf = async (tenantId: string, subject?: string, at: Target = target): Promise<Api> => {
  const admin = apiOf(at.rest, at.adminKey);
  const { key } = await admin.post(`/v1/tenants/${tenantId}/api-keys`, { name: 'test', subject }, createdKey);
  return apiOf(at.rest, key);
};

const newUser = async (): Promise<User> => {
  const subject = `user_${++users}`;
  return { subject, api: await keyOf(tenant, subject) };
};

beforeAll(async () => {
  receiver = await startReceiver();
  target = await startTarget({ dataDir });
  tenant = await newTenant();
  publisher = await keyOf(tenant);
});

afterAll(async () => {
  await target.kill('SIGTERM');
  await receiver.close();
  removeDataDir(dataDir);
});

beforeEach(async () => {
  user = await newUser();
  path = `/${user.subject}`;
});

const creationAt = (url: string) => ({ ...printed.creation, url });
const create = async (of: User = user): Promise<string> => {
  const answer = await of.api.raw('POST', collection, creationAt(receiver.url(path)));
  expect(answer).toMatchObject({ status: 201 });
  return webhook.parse(answer.json).webhook_id;
};
const publish = async (type: string, subject: string, data?: string): Promise<string> => {
  const { data: catalogue } = await publisher.get('/v1/event-types?limit=50', eventTypes);
  const example = JSON.stringify(catalogue.find(({ name }) => name === type)?.example);
  const body = `{"type":"${type}","subject":"${subject}","data":${data ?? example}}`;
  return z.object({ id: z.string() }).parse((await publisher.raw('POST', '/v1/events', body)).json).id;
};
const arrived = (): ReceivedRequest[] => receiver.requests.filter((request) => request.path === path);
const eventsArrived = (): string[] =>
  arrived()
    .map(({ body }) => payload.parse(JSON.parse(body.toString())))
    .filter(({ data }) => data.test !== true)
    .map(({ event }) => event);
const signedWith = (secret: string, { body }: ReceivedRequest): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

describe('the examples of the document', () => {
  test('answer in the shapes that it prints', async () => {
    receiver.answer(path, ({ headers }) => (headers['x-contribux-event'] === 'contribution.completed' ? 500 : 200));
    const made = await user.api.raw('POST', collection, creationAt(receiver.url(path)));
    expect([made.status, shapeDifferences(printed.created, made.json)]).toEqual([201, []]);
    expect(made.json).toMatchObject({ secret_configured: true, test_delivery: { status: 'success' } });
    expect(arrived()).toHaveLength(1);
    const { webhook_id: id } = webhook.parse(made.json);

    await publish('opportunity.matched', user.subject);
    await publish('contribution.completed', user.subject);
    const deliveries = await until('a success and a failure', async () => {
      const answer = await user.api.raw('GET', `${collection}/${id}/deliveries`);
      const statuses = log.parse(answer.json).deliveries.map(({ status }) => status);
      return statuses.toSorted().join() === 'failed,success' ? answer : undefined;
    });
    expect(shapeDifferences(printed.logged, deliveries.json)).toEqual([]);
    expect(deliveries.json).toMatchObject({ stats: { total_deliveries: 2, success_rate: 0.5 } });

    const list = await user.api.raw('GET', collection);
    expect([list.status, shapeDifferences(printed.listed, list.json)]).toEqual([200, []]);
    const stats = { total_deliveries: 2, successful_deliveries: 1, failed_deliveries: 1, success_rate: 0.5 };
    expect(list.json).toMatchObject({ webhooks: [{ webhook_id: id, events: printed.creation.events, stats }] });

    const tested = await user.api.raw('POST', `${collection}/${id}/test`, { event_type: 'opportunity.matched' });
    expect([tested.status, shapeDifferences(printed.tested, tested.json)]).toEqual([200, []]);
    const sent = arrived().at(-1);
    expect(tested.text).toContain(`"payload_sent":${sent?.body.toString()}`);
    expect(tested.json).toMatchObject({
      test_delivery_id: sent?.headers['x-contribux-delivery'],
      payload_sent: { event: 'opportunity.matched', user_id: user.subject, data: { test: true } },
    });
    // The document prints whole seconds, and nowhere null, which the comparison lets pass.
    for (const { text } of [made, deliveries, list, tested]) expect(text).not.toMatch(/:\d\d\.\d+Z|null/);
    for (const request of arrived()) {
      expect(request.headers['x-contribux-signature']).toBe(signedWith(printed.creation.secret, request));
    }
  });

  test('as commands of our own page run as they are written', async () => {
    const page = readFileSync(new URL('../../../../docs/dialects/contribux.md', import.meta.url), 'utf8');
    const section = page.slice(page.indexOf('## Routes'), page.indexOf('## What the document'));
    const commands = [...section.matchAll(/```sh\n([^]*?)```/g)]
      .map(([, block]) => block)
      .join('\n')
      .replaceAll('http://127.0.0.1:8080', target.rest)
      .replaceAll('$(cat .bellwire/admin.key)', target.adminKey)
      .replaceAll(printed.creation.url, receiver.url(path));
    const lines = `set -e\ncurl() { command curl -w '\\n%{http_code}\\n' "$@"; }\n${commands.replaceAll('$(curl', '$(command curl')}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', lines], { timeout: 30_000 });
    const answers = stdout.trim().split('\n');
    expect(answers.filter((_, at) => at % 2 === 1)).toEqual([...Array(5).fill('200'), '204']);
    const [list, one, changed, tested, deliveries] = answers.filter((_, at) => at % 2 === 0).map(parsed);
    expect(list).toMatchObject({ webhooks: [{ active: true, events: ['opportunity.matched', 'achievement.earned'] }] });
    expect(one).toMatchObject({ secret_configured: true, filters: { min_match_score: 0.8 } });
    expect(changed).toMatchObject({ secret_configured: true, filters: { min_match_score: 0.9 } });
    expect(tested).toMatchObject({ status: 'success', payload_sent: { user_id: 'user_123' } });
    expect(deliveries).toEqual({
      deliveries: [],
      stats: { total_deliveries: 0, success_rate: 0, average_response_time: 0 },
    });
    const secrets = ['your_webhook_secret', 'another_webhook_secret'];
    expect(arrived().map(({ headers }) => headers['x-contribux-signature'])).toEqual(
      arrived().map((request, at) => signedWith(secrets[at] ?? '', request)),
    );
    expect(arrived()).toHaveLength(2);
  });
});

const parsed = (text: string): unknown => (text === '' ? undefined : JSON.parse(text));

describe('a webhook', () => {
  test('with filters gets the opportunities that pass, and everything that has nothing to filter', async () => {
    await create();
    const { data } = await publisher.get('/v1/event-types?limit=50', eventTypes);
    const matched = JSON.stringify(data.find(({ name }) => name === 'opportunity.matched')?.example);
    expect(matched).toContain('"overall_score":0.89');
    const low = await publish(
      'opportunity.matched',
      user.subject,
      matched.replace('"overall_score":0.89', '"overall_score":0.5'),
    );
    await publish('opportunity.matched', user.subject);
    await publish('achievement.earned', user.subject);
    await receiver.received(() => eventsArrived().length >= 2);
    const { excluded_counts: counts } = await until('the fan-out', async () => {
      const { json } = await publisher.raw('GET', `/v1/events/${low}`);
      const found = excluded.safeParse(json);
      return found.success && found.data.excluded_counts['filter'] !== undefined ? found.data : undefined;
    });
    expect(counts).toMatchObject({ filter: 1 });
    expect(eventsArrived().toSorted()).toEqual(['achievement.earned', 'opportunity.matched']);
  });

  test('stays where its first test fails, which says why', async () => {
    receiver.answer(path, 503);
    const answer = await user.api.raw('POST', collection, creationAt(receiver.url(path)));
    expect(answer).toMatchObject({ status: 201, json: { test_delivery: { status: 'failed' } } });
    // Beside the printed members: a failure that does not say what it was would be of no use.
    const extra = 'answer.test_delivery.error_message is not in the document';
    expect(shapeDifferences(printed.created, answer.json)).toEqual([extra]);
    expect(answer.json).toMatchObject({ test_delivery: { error_message: 'HTTP 503' } });
    expect((await user.api.get(collection, webhooks)).webhooks).toHaveLength(1);
  });

  test('without a secret of its user says so, and never shows the one that it has', async () => {
    const { secret: _, ...given } = creationAt(receiver.url(path));
    const answer = await user.api.raw('POST', collection, given);
    expect(answer.json).toMatchObject({ secret_configured: false });
    const { webhook_id: id } = webhook.parse(answer.json);
    const used = arrived()[0]?.headers['x-contribux-signature'];
    expect(used).toMatch(/^sha256=[0-9a-f]{64}$/);
    const changed = await user.api.raw('PATCH', `${collection}/${id}`, { secret: 'mine' });
    expect(changed.json).toMatchObject({ secret_configured: true });
    for (const { text } of [answer, changed]) expect(Object.keys(Object(JSON.parse(text)))).not.toContain('secret');
    await user.api.raw('POST', `${collection}/${id}/test`, { event_type: 'skill.progress' });
    const [, last] = arrived();
    expect(last?.headers['x-contribux-signature']).toBe(last && signedWith('mine', last));
  });

  test('that is switched off skips events, and is gone when it is deleted', async () => {
    const id = await create();
    const off = await user.api.raw('PATCH', `${collection}/${id}`, { active: false, events: ['skill.progress'] });
    expect(off).toMatchObject({ status: 200, json: { active: false, events: ['skill.progress'] } });
    await publish('skill.progress', user.subject);
    const skipped = await until('the skipped delivery', async () => {
      const { deliveries } = await user.api.get(`${collection}/${id}/deliveries`, log);
      return deliveries[0];
    });
    expect(skipped).toMatchObject({ status: 'skipped', delivered_at: null, response_code: null });
    expect(await user.api.raw('DELETE', `${collection}/${id}`)).toMatchObject({ status: 204, text: '' });
    expect(await user.api.raw('GET', `${collection}/${id}/deliveries`)).toMatchObject({ status: 404 });
    expect((await user.api.get(collection, webhooks)).webhooks).toEqual([]);
    expect(eventsArrived()).toEqual([]);
  });

  test('is not found by another user or tenant, and is not for whole tenants and other dialects', async () => {
    const id = await create();
    const other = await keyOf(await newTenant(), user.subject);
    for (const api of [(await newUser()).api, other]) {
      const calls = await Promise.all([
        api.raw('GET', `${collection}/${id}`),
        api.raw('PATCH', `${collection}/${id}`, { active: false }),
        api.raw('PATCH', `${collection}/${id}`, { secret: 'stolen' }),
        api.raw('DELETE', `${collection}/${id}`),
        api.raw('POST', `${collection}/${id}/test`, { event_type: 'skill.progress' }),
        api.raw('GET', `${collection}/${id}/deliveries`),
      ]);
      expect(calls.map(({ status, json }) => [status, refusal.parse(json).reason])).toEqual(
        calls.map(() => [404, 'NOT_FOUND']),
      );
      expect((await api.get(collection, webhooks)).webhooks).toEqual([]);
    }
    expect(await user.api.raw('GET', `${collection}/${id}`)).toMatchObject({ status: 200, json: { active: true } });
    expect(arrived()).toHaveLength(1);
    expect(await publisher.raw('GET', collection)).toMatchObject({ status: 403, json: { reason: 'SUBJECT_NEEDED' } });
    expect(await apiOf(target.rest, 'nobody').raw('GET', collection)).toMatchObject({ status: 401 });
  });
});

describe('bad input', () => {
  const good = creationAt('http://127.0.0.1:9/hooks');
  const rows: [string, unknown, string][] = [
    ['an unknown member', { ...good, name: 'x' }, 'INVALID_FIELD'],
    ['no URL', { events: good.events }, 'INVALID_FIELD'],
    ['a URL of another type', { ...good, url: 5 }, 'INVALID_FIELD'],
    ['a URL of another scheme', { ...good, url: 'ftp://example.org/x' }, 'INVALID_URL'],
    ['a URL in private address space', { ...good, url: 'https://10.0.0.1/x' }, 'INVALID_URL'],
    ['a URL of 2049 characters', { ...good, url: `https://example.org/${'x'.repeat(2029)}` }, 'INVALID_URL'],
    ['no events', { ...good, events: [] }, 'INVALID_FIELD'],
    ['an unknown event', { ...good, events: ['never.heard'] }, 'INVALID_FIELD'],
    ['a pattern of events', { ...good, events: ['contribution.*'] }, 'INVALID_FIELD'],
    ['an empty secret', { ...good, secret: '' }, 'INVALID_FIELD'],
    ['a secret of 513 characters', { ...good, secret: 'x'.repeat(513) }, 'INVALID_FIELD'],
    ['a blank secret', { ...good, secret: '  ' }, 'INVALID_FIELD'],
    ['a score over 1', { ...good, filters: { min_match_score: 1.5 } }, 'INVALID_FIELD'],
    ['an unknown filter', { ...good, filters: { typo: 1 } }, 'INVALID_FIELD'],
    ['a body that is not JSON', '{"url":', 'MALFORMED_REQUEST'],
  ];

  test.each(rows)('%s is refused, and makes nothing', async (_, body, reason) => {
    const { status, json } = await user.api.raw('POST', collection, body);
    expect([status, refusal.parse(json).reason]).toEqual([400, reason]);
    expect((await user.api.get(collection, webhooks)).webhooks).toEqual([]);
  });

  test('of a change leaves all as it was', async () => {
    const id = await create();
    const before = await user.api.raw('GET', `${collection}/${id}`);
    const changes = [
      { url: 'ftp://example.org' },
      { secret: 'x'.repeat(513) },
      { events: ['never.heard'] },
      { filters: { typo: 1 } },
      { active: 'yes' },
      { secret: 'a\u0000b' },
      { secret: null },
    ];
    for (const change of changes) {
      const refused = await user.api.raw('PATCH', `${collection}/${id}`, { active: false, secret: 'other', ...change });
      expect(refused).toMatchObject({ status: 400 });
    }
    expect((await user.api.raw('GET', `${collection}/${id}`)).json).toEqual(before.json);
    await user.api.raw('POST', `${collection}/${id}/test`, { event_type: 'skill.progress' });
    for (const request of arrived()) {
      expect(request.headers['x-contribux-signature']).toBe(signedWith(printed.creation.secret, request));
    }
  });

  test('plain http is refused outside development', async () => {
    const folder = newDataDir();
    const env = { BELLWIRE_EGRESS_ALLOW_HTTP: 'false' };
    const strict = await startTarget({ kind: 'suite', dataDir: folder, env });
    try {
      const api = await keyOf(await newTenant(strict), 'user', strict);
      const answer = await api.raw('POST', collection, creationAt('http://example.org/hooks'));
      expect(answer).toMatchObject({ status: 400, json: { reason: 'INVALID_URL', fields: [{ path: 'url' }] } });
      expect(answer.text).toContain('https');
      expect((await api.get(collection, webhooks)).webhooks).toEqual([]);
    } finally {
      await strict.kill('SIGTERM');
      removeDataDir(folder);
    }
  });

  test('in a test or a look at the log is refused', async () => {
    const id = await create();
    for (const body of [{}, { event_type: 'never.heard' }, { event_type: 'skill.progress', data: {} }]) {
      expect(await user.api.raw('POST', `${collection}/${id}/test`, body)).toMatchObject({ status: 400 });
    }
    for (const query of ['limit=0', 'limit=101', 'cursor=x', 'typo=1']) {
      expect(await user.api.raw('GET', `${collection}/${id}/deliveries?${query}`)).toMatchObject({ status: 400 });
    }
    expect(arrived()).toHaveLength(1);
  });
});

describe('in an hour', () => {
  /** Calls until the limit is used up, then once more. */
  const useUp = async (limit: number, ask: () => ReturnType<Api['raw']>) => {
    for (let left = limit - 1; left >= 0; left--) {
      const { status, headers } = await ask();
      expect(status).toBe(200);
      expect(headers.get('x-ratelimit-limit')).toBe(String(limit));
      expect(headers.get('x-ratelimit-remaining')).toBe(String(left));
      expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000);
    }
    const refused = await ask();
    expect(refused).toMatchObject({ status: 429, json: { reason: 'RATE_LIMITED' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3000);
  };

  test('it is the same by the routes of /v1', async () => {
    const id = await create();
    await useUp(10, () => user.api.raw('POST', `/v1/endpoints/${id}/test`, {}));
    const refused = await user.api.raw('POST', `${collection}/${id}/test`, { event_type: 'skill.progress' });
    expect(refused).toMatchObject({ status: 429 });
    for (let used = 2; used <= 20; used++) await user.api.raw('GET', '/v1/endpoints');
    const endpoint = { url: 'http://127.0.0.1:9/hooks' };
    expect(await user.api.raw('POST', '/v1/endpoints', endpoint)).toMatchObject({ status: 429 });
    expect(await user.api.raw('GET', collection)).toMatchObject({ status: 429 });
    expect(await publisher.raw('GET', `/v1/endpoints/${id}`)).toMatchObject({ status: 200 });
  });

  test('a user has 20 operations on webhooks, and others have their own', async () => {
    await useUp(20, () => user.api.raw('GET', collection));
    expect(await user.api.raw('POST', collection, {})).toMatchObject({ status: 429 });
    expect(await (await newUser()).api.raw('GET', collection)).toMatchObject({ status: 200 });
  });

  test('10 tests and 100 looks at logs, which do not count as operations', async () => {
    const id = await create();
    await useUp(10, () => user.api.raw('POST', `${collection}/${id}/test`, { event_type: 'skill.progress' }));
    await useUp(100, () => user.api.raw('GET', `${collection}/${id}/deliveries`));
    const { headers } = await user.api.raw('GET', collection);
    expect(headers.get('x-ratelimit-remaining')).toBe('18');
  });
});
