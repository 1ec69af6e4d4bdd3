import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { RetryOn, type WhoAmIResponse } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { openGateway, type TestGateway } from '../../testing/open-gateway.ts';
import { samples } from '../../testing/fake-services.ts';

let gateway: TestGateway;

const who = (subject?: string): WhoAmIResponse => ({
  tenantId: 'ten_1',
  dialect: 'hub',
  subject,
  scopes: [],
  apiKeyId: 'key_1',
});

beforeAll(async () => {
  gateway = await openGateway();
  gateway.keys.set('key-1', who('u1')).set('key-all', who());
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.calls.length = 0;
  gateway.before.clear();
});

const call = (method: string, path: string, body?: unknown) =>
  gateway.call(method, `/api/webhooks${path}`, body === undefined ? {} : { json: JSON.stringify(body) });
const asked = () => gateway.calls.map(({ method }) => method);
const requestOf = (method: string) => gateway.calls.find((each) => each.method === method)?.request;

const given = { name: 'My Webhook', url: 'https://your-domain.com/webhook', events: ['task.completed'] };
/** The endpoint of the fake registry, as its user knows it. */
const shown = {
  id: 'ep_1',
  name: '',
  url: samples.endpoint.url,
  events: ['order.*'],
  testMode: false,
  active: true,
  maxRetries: 2,
  rateLimit: 5,
  createdAt: '2026-01-31T12:00:00.000Z',
};

describe('a webhook', () => {
  test('is made with the defaults of the document, and the secret of its user stays his', async () => {
    const answer = await call('POST', '', { ...given, secret: 'your-secret-key' });
    expect(answer).toMatchObject({ status: 201, body: shown });
    expect(answer.body).not.toHaveProperty('secret');
    expect(asked()).toEqual(['GetEventType', 'CreateEndpoint']);
    expect(requestOf('CreateEndpoint')).toMatchObject({
      endpoint: {
        description: 'My Webhook',
        url: given.url,
        eventTypes: given.events,
        retry: { scheduleSeconds: [5, 25, 125], retryOn: RetryOn.UNSPECIFIED },
        rateLimit: { limit: 60, periodSeconds: 60 },
        testMode: false,
      },
      secret: 'your-secret-key',
    });
  });

  test('whose secret is made shows it once', async () => {
    expect(await call('POST', '', given)).toMatchObject({ status: 201, body: { ...shown, secret: 'whsec_1' } });
    expect((await call('GET', '/ep_1')).body).toEqual(shown);
    expect((await call('GET', '')).body).toEqual([shown]);
  });

  test.each([
    [0, []],
    [5, [5, 25, 125, 625, 3125]],
    [10, [5, 25, 125, 625, 3125, 3600, 3600, 3600, 3600, 3600]],
  ])('with %d retries waits %j seconds', async (maxRetries, scheduleSeconds) => {
    await call('POST', '', { ...given, maxRetries, rateLimit: 7, testMode: true });
    expect(requestOf('CreateEndpoint')).toMatchObject({
      endpoint: { retry: { scheduleSeconds }, rateLimit: { limit: 7, periodSeconds: 60 }, testMode: true },
    });
  });

  test('is changed in what is given alone', async () => {
    expect(await call('PATCH', '/ep_1', { active: false, rateLimit: 30 })).toMatchObject({ status: 200, body: shown });
    expect(asked()).toEqual(['UpdateEndpoint']);
    expect(requestOf('UpdateEndpoint')).toMatchObject({
      endpoint: { id: 'ep_1', enabled: false, rateLimit: { limit: 30, periodSeconds: 60 } },
      updateMask: ['enabled', 'rate_limit'],
    });
  });

  test('is made inactive where that is asked for', async () => {
    expect(await call('POST', '', { ...given, active: false })).toMatchObject({ status: 201, body: { active: false } });
    expect(requestOf('CreateEndpoint')).toMatchObject({ disabled: true });
  });

  test.each([
    ['PATCH', { url: given.url, secret: 'new' }, ['url']],
    ['PUT', { ...given, secret: 'new' }, expect.arrayContaining(['url', 'description'])],
  ])('gets a new secret and the rest of a %s in one write', async (method, body, updateMask) => {
    expect(await call(method, '/ep_1', body)).toMatchObject({ status: 200, body: shown });
    expect(asked().filter((name) => name !== 'GetEventType')).toEqual(['RotateSecret']);
    const edit = { endpoint: { url: given.url }, updateMask };
    expect(requestOf('RotateSecret')).toMatchObject({ id: 'ep_1', secret: 'new', overlapSeconds: 0, edit });
  });

  test('is replaced as a whole', async () => {
    expect(await call('PUT', '/ep_1', given)).toMatchObject({ status: 200, body: shown });
    expect(asked()).toEqual(['GetEventType', 'UpdateEndpoint']);
    expect(requestOf('UpdateEndpoint')).toMatchObject({
      endpoint: { enabled: true, testMode: false, retry: { scheduleSeconds: [5, 25, 125] } },
      updateMask: ['description', 'url', 'event_types', 'test_mode', 'enabled', 'retry', 'rate_limit'],
    });
  });

  test('is deleted', async () => {
    expect(await call('DELETE', '/ep_1')).toMatchObject({ status: 204, text: '' });
    expect(requestOf('DeleteEndpoint')).toEqual({ id: 'ep_1' });
  });

  test('is also made with a key of the whole tenant', async () => {
    const headers = { authorization: 'Bearer key-all' };
    const made = await gateway.call('POST', '/api/webhooks', { json: JSON.stringify(given), headers });
    expect(made).toMatchObject({ status: 201 });
  });
});

describe('what breaks a rule is refused before anything is written:', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['an unknown member', { color: 'red' }, 'color'],
    ['a text for active', { active: 'false' }, 'active'],
    ['no name', { name: undefined }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a long name', { name: 'x'.repeat(256) }, 'name'],
    ['a name with NUL', { name: 'a\u0000' }, 'name'],
    ['no URL', { url: undefined }, 'url'],
    ['a URL of another type', { url: 1 }, 'url'],
    ['no events', { events: undefined }, 'events'],
    ['an empty list of events', { events: [] }, 'events'],
    ['one event without a list', { events: 'task.completed' }, 'events'],
    ['too many events', { events: Array.from({ length: 101 }, () => 'task.completed') }, 'events'],
    ['an event of another type', { events: [1] }, 'events[0]'],
    ['a blank name', { name: '  ' }, 'name'],
    ['an empty secret', { secret: '' }, 'secret'],
    ['a blank secret', { secret: '  ' }, 'secret'],
    ['a secret with NUL', { secret: 'a\u0000' }, 'secret'],
    ['a long secret', { secret: 'x'.repeat(513) }, 'secret'],
    ['a text for testMode', { testMode: 'true' }, 'testMode'],
    ['11 retries', { maxRetries: 11 }, 'maxRetries'],
    ['negative retries', { maxRetries: -1 }, 'maxRetries'],
    ['half a retry', { maxRetries: 1.5 }, 'maxRetries'],
    ['a rate limit of 0', { rateLimit: 0 }, 'rateLimit'],
    ['a large rate limit', { rateLimit: 100_001 }, 'rateLimit'],
  ])('%s', async (_, wrong, path) => {
    const answer = await call('POST', '', { ...given, ...wrong });
    expect(answer).toMatchObject({ status: 400, body: { reason: 'INVALID_FIELD', fields: [{ path }] } });
    expect(asked()).toEqual([]);
  });

  test('events that the tenant does not have', async () => {
    gateway.before.set('GetEventType', (request) => {
      if (JSON.stringify(request).includes('task.never')) throw new Fault('NOT_FOUND', 'There is no such event type.');
    });
    const events = ['task.completed', 'task.never'];
    for (const [method, path] of [
      ['POST', ''],
      ['PUT', '/ep_1'],
      ['PATCH', '/ep_1'],
    ] as const) {
      const answer = await call(method, path, method === 'PATCH' ? { events } : { ...given, events });
      expect(answer).toMatchObject({ status: 400, body: { reason: 'INVALID_FIELD', fields: [{ path: 'events[1]' }] } });
    }
    expect(new Set(asked())).toEqual(new Set(['GetEventType']));
  });

  test('parameters that are not known', async () => {
    for (const path of ['?limit=1', '/ep_1?x=1', '/ep_1/deliveries?offset=1', '/ep_1/metrics?subject=u2']) {
      expect(await call('GET', path)).toMatchObject({ status: 400, body: { reason: 'INVALID_FIELD' } });
    }
    expect(asked()).toEqual([]);
  });
});

describe('a test', () => {
  test('sends the body as the data of an event, and answers with the outcome', async () => {
    const answer = await call('POST', '/ep_1/test', { taskId: '123', status: 'completed' });
    expect(requestOf('SendTest')).toEqual({
      endpointId: 'ep_1',
      eventType: '',
      data: '{"taskId":"123","status":"completed"}',
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        success: false,
        outcome: 'rejected',
        statusCode: 500,
        responseTime: 12.5,
        responseBody: 'no',
        error: 'The receiver answered 500.',
        sentAt: '2026-01-31T12:00:00.000Z',
      },
    });
  });

  test.each(['task.deleted', 'order.*'])('of an event that the webhook does not name is refused: %s', async (event) => {
    expect(await call('POST', `/ep_1/test?event=${event}`, {})).toMatchObject({
      status: 400,
      body: { fields: [{ path: 'event' }] },
    });
    expect(asked()).toEqual(['GetEndpoint']);
  });

  test.each(['{"b":1.0,"1":12345678901234567890,"a":"\\u00e9"}', '[1e2, 1]'])(
    'passes its data on as it was sent: %s',
    async (json) => {
      await gateway.call('POST', '/api/webhooks/ep_1/test', { json });
      expect(requestOf('SendTest')).toMatchObject({ data: json });
    },
  );

  test('without a body leaves the data to dispatcher', async () => {
    await call('POST', '/ep_1/test');
    expect(requestOf('SendTest')).toMatchObject({ data: '' });
  });

  test.each(['null', '1', 'true', '"text"'])('of what is neither an object nor a list is refused: %s', async (json) => {
    const answer = await gateway.call('POST', '/api/webhooks/ep_1/test', { json });
    expect(answer).toMatchObject({ status: 400, body: { reason: 'MALFORMED_REQUEST' } });
    expect(asked()).toEqual([]);
  });

  test.each(['{"a":1,"a":2}', '{"__proto__":1}'])(
    'of names that could be read in two ways is refused: %s',
    async (json) => {
      expect(await gateway.call('POST', '/api/webhooks/ep_1/test', { json })).toMatchObject({
        status: 400,
        body: { reason: 'INVALID_FIELD' },
      });
      expect(asked()).toEqual([]);
    },
  );
});

describe('the dashboard', () => {
  const delivery = {
    id: 'd-1',
    event: 'order.paid',
    eventId: 'evt_1',
    status: 'retrying',
    reason: 'retry',
    test: false,
    retries: 0,
    nextRetryAt: '2026-01-31T12:00:00.000Z',
    error: 'The receiver answered 500.',
    attempts: [{ statusCode: 500, responseTime: 12.5 }],
    completedAt: null,
  };

  test('lists deliveries with their attempts and errors', async () => {
    const answer = await call('GET', '/ep_1/deliveries?status=retrying&event=order.paid&limit=10&cursor=c');
    expect(answer).toMatchObject({ status: 200, body: { data: [delivery], nextCursor: 'more' } });
    expect(asked()).toEqual(['GetEndpoint', 'GetEventType', 'ListDeliveries']);
    expect(requestOf('ListDeliveries')).toMatchObject({
      endpointId: 'ep_1',
      eventType: 'order.paid',
      withAttempts: true,
      withTests: true,
      limit: 10,
      cursor: 'c',
    });
  });

  test('is not filtered by an event that the tenant never had', async () => {
    gateway.before.set('GetEventType', () => {
      throw new Fault('NOT_FOUND', 'There is no such event type.');
    });
    expect(await call('GET', '/ep_1/deliveries?event=task.never')).toMatchObject({
      status: 400,
      body: { reason: 'INVALID_FIELD', fields: [{ path: 'event' }] },
    });
    expect(asked()).not.toContain('ListDeliveries');
  });

  test('shows the payload of a delivery as it was published', async () => {
    const answer = await call('GET', '/ep_1/deliveries/d-1');
    expect(answer).toMatchObject({ status: 200, body: delivery });
    expect(answer.text).toContain(`"payload":${samples.event.data}`);
  });

  test('shows no delivery of another webhook', async () => {
    const answer = await call('GET', '/ep_2/deliveries/d-1');
    expect(answer).toMatchObject({ status: 404, body: { reason: 'NOT_FOUND' } });
  });

  test('has the metrics that the document names', async () => {
    expect((await call('GET', '/ep_1/metrics')).body).toEqual({
      successRate: 0.75,
      averageResponseTime: 12.5,
      errorRate: { rejected: 6 / 9, timed_out: 0, unreachable: 0, blocked: 0 },
      statusCodes: { 200: 3, 500: 6 },
      retryFrequency: 4 / 5,
      rateLimitHits: 2,
      deliveries: { pending: 0, held: 0, retrying: 2, delivered: 3, dead_lettered: 1, skipped: 0, cancelled: 0 },
      attempts: 9,
      retries: 4,
      asOf: '2026-01-31T12:00:00.000Z',
    });
  });

  test.each(['', '/test', '/deliveries', '/deliveries/d-1', '/metrics'])(
    'and everything else of another user’s webhook is not found: %s',
    async (path) => {
      gateway.before.set('GetEndpoint', () => {
        throw new Fault('NOT_FOUND', 'There is no such endpoint.');
      });
      const answer = await call(path === '/test' ? 'POST' : 'GET', `/ep_9${path}`, path === '/test' ? {} : undefined);
      expect(answer).toMatchObject({ status: 404, body: { reason: 'NOT_FOUND' } });
      expect(asked()).toEqual(['GetEndpoint']);
    },
  );
});
