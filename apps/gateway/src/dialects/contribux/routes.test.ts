import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { contribux, filterFrom } from '@bellwire/dialects';
import { Fault } from '@bellwire/errors';
import { openGateway, type TestGateway } from '../../testing/open-gateway.ts';

const collection = '/api/v1/users/me/webhooks';
const one = `${collection}/ep_1`;
const given = { url: 'https://example.org/hooks', events: ['opportunity.matched', 'achievement.earned'] };
let gateway: TestGateway;

beforeEach(async () => {
  gateway = await openGateway();
  const who = { tenantId: 'ten_1', dialect: 'contribux', scopes: [], apiKeyId: 'key_1' };
  for (const subject of ['user-1', 'user-2']) gateway.keys.set(subject, { ...who, subject });
  gateway.keys.set('everybody', { ...who, subject: undefined });
});
afterEach(() => gateway.close());

const as = (user: string, method: string, path: string, body?: unknown) =>
  gateway.call(method, path, {
    headers: { authorization: `Bearer ${user}` },
    ...(body === undefined ? {} : { json: JSON.stringify(body) }),
  });
const call = (method: string, path: string, body?: unknown) => as('user-1', method, path, body);
const called = () => gateway.calls.map(({ method }) => method);
/** What was asked for when the event types had been looked up. */
const afterLookUps = () => gateway.calls.filter(({ method }) => method !== 'GetEventType');
const remaining = ({ headers }: { headers: Headers }) => headers.get('x-ratelimit-remaining');

describe('creating', () => {
  test('makes an endpoint, tests it with its first event, and shows no secret', async () => {
    const filters = { min_match_score: 0.8, languages: ['Python'] };
    const answer = await call('POST', collection, { ...given, secret: 'mine', filters });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        webhook_id: 'ep_1',
        secret_configured: true,
        created_at: '2026-01-31T12:00:00Z',
        test_delivery: { status: 'failed', response_time_ms: 13, error_message: 'HTTP 500' },
      },
    });
    expect(answer.text).not.toContain('whsec');
    const { url, events: eventTypes } = given;
    expect(afterLookUps()).toMatchObject([
      {
        method: 'CreateEndpoint',
        bearer: 'user-1',
        request: {
          endpoint: { url, eventTypes, filter: JSON.stringify(filterFrom(contribux, filters)), subject: undefined },
          secret: 'mine',
        },
      },
      { method: 'SendTest', request: { endpointId: 'ep_1', eventType: 'opportunity.matched', data: '' } },
    ]);
  });

  test('is not undone by a test that cannot be made', async () => {
    gateway.before.set('SendTest', () => {
      throw new Fault('SERVICE_UNAVAILABLE', 'dispatcher cannot be reached');
    });
    expect(await call('POST', collection, given)).toMatchObject({
      status: 201,
      body: { test_delivery: { status: 'failed', response_time_ms: 0, error_message: 'dispatcher cannot be reached' } },
    });
  });

  test('one that is not active makes it so, and tests it', async () => {
    expect(await call('POST', collection, { ...given, active: false })).toMatchObject({ body: { active: false } });
    expect(afterLookUps().map(({ method }) => method)).toEqual(['CreateEndpoint', 'SendTest']);
  });

  test('takes null for what is left out', async () => {
    const answer = await call('POST', collection, { ...given, active: null, secret: null, filters: null });
    expect(answer).toMatchObject({ status: 201, body: { active: true } });
    expect(afterLookUps()[0]?.request).toMatchObject({ endpoint: { filter: '' }, secret: undefined, disabled: false });
    expect(await call('POST', collection, { url: null, events: null })).toMatchObject({
      status: 400,
      body: { fields: [{ path: 'url' }, { path: 'events' }] },
    });
  });
});

describe('bad input', () => {
  test.each([
    ['nothing', {}, ['url', 'events']],
    ['an unknown member', { ...given, name: 'x' }, ['name']],
    [
      'wrong types',
      { url: 1, events: 'a', active: 'yes', secret: 5, filters: [] },
      ['url', 'events', 'active', 'secret', 'filters'],
    ],
    ['no events', { ...given, events: [] }, ['events']],
    ['too many events', { ...given, events: Array.from({ length: 101 }, () => 'skill.progress') }, ['events']],
    [
      'wrong filters',
      { ...given, filters: { min_match_score: 2, typo: 1 } },
      ['filters.min_match_score', 'filters.typo'],
    ],
    ['a list that is too long', { ...given, filters: { languages: Array(51).fill('x') } }, ['filters.languages']],
    ['a text that is too long', { ...given, filters: { languages: ['x'.repeat(101)] } }, ['filters.languages']],
    [
      'a filter that is too large',
      { ...given, filters: { difficulty_levels: ['x'], languages: Array(50).fill('\u0001'.repeat(100)) } },
      ['filters.languages'],
    ],
  ])('%s is refused before anything is made', async (_, body, paths) => {
    const answer = await call('POST', collection, body);
    expect(answer).toMatchObject({ status: 400, body: { reason: 'INVALID_FIELD' } });
    expect(answer.body).toMatchObject({ fields: paths.map((path) => ({ path })) });
    expect(called()).toEqual([]);
  });

  test('of a change is refused before anything is changed', async () => {
    const secrets = ['', ' ', 'a\u0000b', 'a\ud800', 'x'.repeat(513), null];
    for (const body of [...secrets.map((secret) => ({ secret })), { url: null }, { events: null }, { other: 1 }]) {
      const [path] = Object.keys(body);
      const answer = await call('PATCH', one, { ...body, active: true });
      expect(answer).toMatchObject({ status: 400, body: { reason: 'INVALID_FIELD', fields: [{ path }] } });
    }
    expect(called()).toEqual([]);
  });

  test('event types that the tenant does not have are refused, its own are not', async () => {
    gateway.before.set('GetEventType', (request) => {
      if (JSON.stringify(request).includes('own.type')) return;
      throw new Fault('NOT_FOUND', 'There is no such event type.');
    });
    const answer = await call('POST', collection, { ...given, events: ['own.type', 'never.heard', 'contribution.*'] });
    expect(answer).toMatchObject({ status: 400, body: { fields: [{ path: 'events[1]' }, { path: 'events[2]' }] } });
    expect(await call('PATCH', one, { events: ['never.heard'] })).toMatchObject({ status: 400 });
    expect(await call('POST', `${one}/test`, { event_type: 'never.heard' })).toMatchObject({
      status: 400,
      body: { fields: [{ path: 'event_type' }] },
    });
    expect(new Set(called())).toEqual(new Set(['GetEventType']));
    expect(await call('POST', collection, { ...given, events: ['own.type'] })).toMatchObject({ status: 201 });
  });

  test('archived event types are refused, those of the document too', async () => {
    gateway.archived.add('achievement.earned');
    const refused = { status: 400, body: { reason: 'INVALID_FIELD', fields: [{ path: 'events[1]' }] } };
    expect(await call('POST', collection, given)).toMatchObject(refused);
    expect(await call('PATCH', one, { events: given.events })).toMatchObject(refused);
    expect(new Set(called())).toEqual(new Set(['GetEventType']));
  });

  test('in a query is refused', async () => {
    expect(await call('GET', `${collection}?x=1`)).toMatchObject({ status: 400 });
    expect(await call('GET', `${one}/deliveries?limit=101`)).toMatchObject({ status: 400 });
    expect(await call('POST', `${one}/test`, {})).toMatchObject({ status: 400 });
    expect(called()).toEqual([]);
  });
});

describe('webhooks', () => {
  test('are listed with the statistics of each', async () => {
    expect(await call('GET', collection)).toMatchObject({
      status: 200,
      body: { webhooks: [{ webhook_id: 'ep_1', last_delivery: null, stats: { total_deliveries: 0 } }] },
    });
  });

  test('are read one by one', async () => {
    expect(await call('GET', one)).toMatchObject({
      status: 200,
      body: {
        webhook_id: 'ep_1',
        filters: null,
        secret_configured: true,
        last_delivery: '2026-01-31T12:00:00Z',
        stats: { total_deliveries: 5, successful_deliveries: 3, failed_deliveries: 2, success_rate: 0.6 },
      },
    });
  });

  test('are changed: what is given, and the secret in the same write', async () => {
    const secret = 'x'.repeat(512);
    expect(await call('PATCH', one, { active: false, filters: {}, secret })).toMatchObject({ status: 200 });
    const edit = { endpoint: { enabled: false }, updateMask: ['filter', 'enabled'] };
    expect(gateway.calls).toMatchObject([
      { method: 'GetEndpoint' },
      { method: 'RotateSecret', request: { id: 'ep_1', secret, overlapSeconds: 0, edit } },
    ]);
  });

  test('have the filters and the activity of new ones where a change says null', async () => {
    expect(await call('PATCH', one, { active: null, filters: null })).toMatchObject({ status: 200 });
    expect(gateway.calls[0]?.request).toMatchObject({
      endpoint: { enabled: true, filter: '' },
      updateMask: ['filter', 'enabled'],
    });
  });

  test('are deleted', async () => {
    expect(await call('DELETE', one)).toMatchObject({ status: 204, text: '' });
    expect(gateway.calls).toMatchObject([{ method: 'DeleteEndpoint', bearer: 'user-1', request: { id: 'ep_1' } }]);
  });

  test("are not for keys of a whole tenant, and another's are not found", async () => {
    expect(await as('everybody', 'GET', collection)).toMatchObject({ status: 403, body: { reason: 'SUBJECT_NEEDED' } });
    gateway.before.set('GetEndpoint', () => {
      throw new Fault('NOT_FOUND', 'There is no such endpoint.');
    });
    expect(await call('GET', `${one}/deliveries`)).toMatchObject({ status: 404 });
    expect(called()).toEqual(['GetEndpoint']);
  });
});

test('a test answers with what was sent, byte for byte', async () => {
  const answer = await call('POST', `${one}/test`, { event_type: 'skill.progress' });
  expect(answer).toMatchObject({ status: 200, body: { status: 'failed', response_code: 500, response_time_ms: 13 } });
  expect(answer.text).toContain('"payload_sent":{"n":1.0}');
});

test('the log is a page of deliveries with their attempts', async () => {
  const answer = await call('GET', `${one}/deliveries?limit=2&cursor=c`);
  expect(answer).toMatchObject({
    status: 200,
    body: {
      deliveries: [
        { delivery_id: 'd-1', status: 'failed', error_message: 'HTTP 500', next_retry: '2026-01-31T12:00:00Z' },
      ],
      stats: { total_deliveries: 5, success_rate: 0.6, average_response_time: 13 },
      next_cursor: 'more',
    },
  });
  const listed = gateway.calls.find(({ method }) => method === 'ListDeliveries');
  expect(listed?.request).toMatchObject({
    endpointId: 'ep_1',
    limit: 2,
    cursor: 'c',
    withAttempts: true,
    withTests: false,
  });
});

describe('in an hour a user has', () => {
  test('20 operations on webhooks together, refused ones too', async () => {
    const operations = [
      () => call('GET', collection),
      () => call('POST', collection, {}),
      () => call('GET', one),
      () => call('PATCH', one, { active: true }),
      () => call('DELETE', one),
    ];
    for (let used = 1; used <= 20; used++) {
      const answer = await operations[used % 5]?.();
      expect(answer?.headers.get('x-ratelimit-limit')).toBe('20');
      expect(answer?.headers.get('x-ratelimit-remaining')).toBe(String(20 - used));
    }
    for (const operation of operations) {
      expect(await operation()).toMatchObject({ status: 429, body: { reason: 'RATE_LIMITED' } });
    }
    expect(remaining(await as('user-2', 'GET', collection))).toBe('19');
  });

  test.each([
    ['10 tests', 10, () => call('POST', `${one}/test`, { event_type: 'skill.progress' })],
    ['100 looks at logs', 100, () => call('GET', `${one}/deliveries`)],
  ])('%s', async (_, limit, ask) => {
    for (let used = 1; used <= limit; used++) expect(remaining(await ask())).toBe(String(limit - used));
    const refused = await ask();
    expect(refused).toMatchObject({ status: 429 });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3500);
    expect(remaining(await call('GET', collection))).toBe('19');
  });

  test('the same of them on the routes of /v1', async () => {
    const counted = [
      ['GET', '/v1/endpoints', '20'],
      ['POST', '/v1/endpoints', '20'],
      ['GET', '/v1/endpoints/ep_1/stats', '20'],
      ['PATCH', '/v1/endpoints/ep_1', '20'],
      ['POST', '/v1/endpoints/ep_1/rotate-secret', '20'],
      ['POST', '/v1/endpoints/ep_1/test', '10'],
      ['GET', '/v1/deliveries', '100'],
      ['GET', '/v1/deliveries/d-1', '100'],
      ['GET', '/v1/dead-letters', '100'],
      ['GET', '/v1/events/evt_1', '100'],
      ['POST', '/v1/events', '6000'],
      ['GET', '/v1/event-types', '6000'],
      ['POST', '/v1/deliveries/d-1/redeliver', '6000'],
    ] as const;
    for (const [method, path, limit] of counted) {
      const { headers } = await call(method, path, method === 'GET' ? undefined : {});
      expect([method, path, headers.get('x-ratelimit-limit')]).toEqual([method, path, limit]);
    }
    expect(remaining(await call('GET', collection))).toBe('14');
    expect(remaining(await call('POST', `${one}/test`, { event_type: 'skill.progress' }))).toBe('8');
    expect(remaining(await call('GET', `${one}/deliveries`))).toBe('95');

    for (let used = 15; used <= 29; used++) await call('GET', '/v1/endpoints');
    expect(await call('POST', '/v1/endpoints', { url: given.url })).toMatchObject({ status: 429 });
  });

  test('and whole tenants and other dialects have none of them', async () => {
    gateway.keys.set('hub-user', {
      tenantId: 'ten_2',
      dialect: 'hub',
      scopes: [],
      apiKeyId: 'key_2',
      subject: 'user-1',
    });
    for (const bearer of ['everybody', 'hub-user', 'unknown']) {
      const { headers } = await as(bearer, 'GET', '/v1/endpoints');
      expect(headers.get('x-ratelimit-limit')).toBe('6000');
    }
  });
});
