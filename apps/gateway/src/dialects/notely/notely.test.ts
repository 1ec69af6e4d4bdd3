import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Fault } from '@bellwire/errors';
import { atText } from '../../testing/fake-services.ts';
import { openGateway, type TestGateway } from '../../testing/open-gateway.ts';

const nowMs = Date.parse('2026-03-02T12:00:00.000Z');
const daysBefore = (days: number): Date => new Date(nowMs - days * 86_400_000);

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await openGateway({ clock: { now: () => nowMs } });
  gateway.keys.set('key-1', { tenantId: 'ten_1', dialect: 'notely', subject: 'u1', scopes: [], apiKeyId: 'key_1' });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.calls.length = 0;
  gateway.before.clear();
});

/** As the fake services have it: an endpoint with a schedule of two waits and no time-out of its own. */
const shown = {
  id: 'ep_1',
  user_id: '',
  url: 'https://example.org/hooks',
  event_types: ['order.*'],
  description: null,
  is_active: true,
  retry_count: 2,
  timeout_seconds: 10,
  created_at: atText,
  updated_at: atText,
};
const counted = { total_deliveries: 6, successful_deliveries: 3, failed_deliveries: 1, last_delivery_at: atText };
const uncounted = { total_deliveries: 0, successful_deliveries: 0, failed_deliveries: 0, last_delivery_at: null };

const methods = () => gateway.calls.map(({ method }) => method);
const requestOf = (method: string) => gateway.calls.find((call) => call.method === method)?.request;
const create = (json: string) => gateway.call('POST', '/api/webhooks', { json });
const change = (json: string) => gateway.call('PATCH', '/api/webhooks/ep_1', { json });

describe('creating a webhook', () => {
  test('makes an endpoint of the user, and shows its secret', async () => {
    const json =
      '{"url":"https://example.com/webhook","event_types":["order.paid"],"description":"Mine","retry_count":10,"timeout_seconds":60}';
    const answer = await create(json);
    expect(answer).toMatchObject({ status: 201 });
    expect(answer.body).toEqual({ ...shown, ...uncounted, secret: 'whsec_1' });
    expect(requestOf('CreateEndpoint')).toMatchObject({
      endpoint: {
        url: 'https://example.com/webhook',
        subject: 'u1',
        eventTypes: ['order.paid'],
        description: 'Mine',
        retry: { scheduleSeconds: [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] },
        timeoutMs: 60_000,
      },
    });
  });

  test('retries three times and waits ten seconds where nothing else is said', async () => {
    await create('{"url":"https://example.com/webhook","event_types":["order.paid"]}');
    expect(requestOf('CreateEndpoint')).toMatchObject({
      endpoint: { description: '', retry: { scheduleSeconds: [2, 4, 8] }, timeoutMs: 10_000 },
      disabled: false,
    });
  });

  test('makes one that is not active where that is asked for', async () => {
    await create('{"url":"https://example.com/webhook","event_types":["order.paid"],"is_active":false}');
    expect(requestOf('CreateEndpoint')).toMatchObject({ disabled: true });
  });

  test.each([
    ['no URL', '{"event_types":["order.paid"]}', 'url'],
    ['no event types', '{"url":"https://example.com/"}', 'event_types'],
    ['an empty list of event types', '{"url":"https://example.com/","event_types":[]}', 'event_types'],
    ['an unknown event type', '{"url":"https://example.com/","event_types":["order.paid","x.y"]}', 'event_types[1]'],
    ['a pattern of event types', '{"url":"https://example.com/","event_types":["order.*"]}', 'event_types[0]'],
    ['a number as event type', '{"url":"https://example.com/","event_types":[1]}', 'event_types[0]'],
    ['11 retries', '{"url":"https://example.com/","event_types":["order.paid"],"retry_count":11}', 'retry_count'],
    ['-1 retries', '{"url":"https://example.com/","event_types":["order.paid"],"retry_count":-1}', 'retry_count'],
    ['half a retry', '{"url":"https://example.com/","event_types":["order.paid"],"retry_count":0.5}', 'retry_count'],
    ['0 s', '{"url":"https://example.com/","event_types":["order.paid"],"timeout_seconds":0}', 'timeout_seconds'],
    ['61 s', '{"url":"https://example.com/","event_types":["order.paid"],"timeout_seconds":61}', 'timeout_seconds'],
    ['a time as text', '{"url":"https://a.bc/","event_types":["order.paid"],"timeout_seconds":"9"}', 'timeout_seconds'],
    ['a secret', '{"url":"https://example.com/","event_types":["order.paid"],"secret":"s"}', 'secret'],
  ])('with %s is refused, and nothing is made', async (_what, json, path) => {
    const { status, body } = await create(json);
    expect({ status, body }).toMatchObject({ status: 400, body: { reason: 'INVALID_FIELD', fields: [{ path }] } });
    expect(methods()).not.toContain('CreateEndpoint');
  });
});

describe('changing a webhook', () => {
  test('changes what is given', async () => {
    const { status, body } = await change('{"is_active":false,"retry_count":0,"timeout_seconds":1,"description":null}');
    expect({ status, body }).toEqual({ status: 200, body: { ...shown, ...counted } });
    expect(requestOf('UpdateEndpoint')).toMatchObject({
      endpoint: { id: 'ep_1', enabled: false, retry: { scheduleSeconds: [] }, timeoutMs: 1000, description: '' },
      updateMask: ['description', 'enabled', 'retry', 'timeout_ms'],
    });
    expect(methods()).not.toContain('ListEventTypes');
  });

  test('knows the event types', async () => {
    expect(await change('{"event_types":["order.paid"]}')).toMatchObject({ status: 200 });
    expect(requestOf('UpdateEndpoint')).toMatchObject({
      endpoint: { eventTypes: ['order.paid'] },
      updateMask: ['event_types'],
    });
  });

  test.each([
    ['{"event_types":["x.y"]}', 'event_types[0]'],
    ['{"event_types":null}', 'event_types'],
    ['{"url":null}', 'url'],
    ['{"is_active":1}', 'is_active'],
    ['{"retry_count":11}', 'retry_count'],
    ['{"id":"ep_2"}', 'id'],
  ])('to %s is refused, and nothing changes', async (json, path) => {
    expect(await change(json)).toMatchObject({ status: 400, body: { fields: [{ path }] } });
    expect(methods()).not.toContain('UpdateEndpoint');
  });

  test('changes nothing where its answer could not be given', async () => {
    gateway.before.set('GetStats', () => {
      throw new Fault('DATABASE_UNAVAILABLE', 'Later.');
    });
    expect(await change('{"is_active":false}')).toMatchObject({ status: 503 });
    expect(methods()).not.toContain('UpdateEndpoint');
  });
});

describe('reading webhooks', () => {
  test('lists those of the user, each with its counts, and no secret', async () => {
    const { body } = await gateway.call('GET', '/api/webhooks');
    expect(body).toEqual([{ ...shown, ...uncounted, total_deliveries: 1 }]);
    expect(requestOf('ListEndpoints')).toMatchObject({ subject: 'u1' });
    expect(requestOf('GetStats')).toMatchObject({ byEndpoint: true, since: daysBefore(30) });
  });

  test('shows one', async () => {
    expect((await gateway.call('GET', '/api/webhooks/ep_1')).body).toEqual({ ...shown, ...counted });
    expect(requestOf('GetStats')).toMatchObject({ endpointId: 'ep_1', since: daysBefore(30) });
  });

  test('deletes one', async () => {
    expect(await gateway.call('DELETE', '/api/webhooks/ep_1')).toMatchObject({ status: 204, text: '' });
    expect(gateway.calls).toMatchObject([{ method: 'DeleteEndpoint', request: { id: 'ep_1' } }]);
  });

  test('says 404 where registry does, before anything else is asked', async () => {
    gateway.before.set('GetEndpoint', () => {
      throw new Fault('NOT_FOUND', 'There is no such endpoint.');
    });
    for (const path of ['/api/webhooks/ep_2', '/api/webhooks/ep_2/deliveries']) {
      expect(await gateway.call('GET', path)).toMatchObject({ status: 404, body: { reason: 'NOT_FOUND' } });
    }
    expect(methods()).toEqual(['GetEndpoint', 'GetEndpoint']);
  });
});

describe('beside webhooks', () => {
  test('event types have descriptions and groups', async () => {
    const { body } = await gateway.call('GET', '/api/webhooks/event-types');
    expect(body).toEqual([{ value: 'order.paid', description: '', group: 'Other' }]);
  });

  test('a test says what came of it', async () => {
    const { body } = await gateway.call('POST', '/api/webhooks/ep_1/test');
    expect(body).toEqual({
      success: false,
      message: 'The webhook answered 500.',
      status_code: 500,
      response_body: 'no',
      delivery_id: '',
    });
    expect(requestOf('SendTest')).toMatchObject({
      endpointId: 'ep_1',
      eventType: 'webhook.test',
      data: JSON.stringify({
        test: true,
        message: 'A test of this webhook.',
        subscription_id: 'ep_1',
        timestamp: '2026-03-02T12:00:00.000Z',
      }),
    });
  });

  test('deliveries are those of 30 days, a page at a time', async () => {
    const { body, headers } = await gateway.call('GET', '/api/webhooks/ep_1/deliveries?limit=10&offset=20');
    expect(body).toEqual([
      {
        id: 'd-1',
        subscription_id: 'ep_1',
        event_id: 'evt_1',
        event_type: 'order.paid',
        status: 'retrying',
        attempt_count: 1,
        response_status_code: 500,
        error_message: 'The webhook answered 500.',
        created_at: atText,
        first_attempted_at: atText,
        last_attempted_at: atText,
        next_retry_at: atText,
        completed_at: null,
      },
    ]);
    expect(headers.get('x-total-count')).toBe('1');
    expect(requestOf('ListDeliveries')).toMatchObject({
      endpointId: 'ep_1',
      since: daysBefore(30),
      limit: 10,
      offset: 20,
      withAttempts: true,
      withTests: true,
    });
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'limit=1e1', 'offset=-1', 'offset=10001', 'cursor=c'])(
    'deliveries with %s are refused',
    async (query) => {
      expect(await gateway.call('GET', `/api/webhooks/ep_1/deliveries?${query}`)).toMatchObject({ status: 400 });
      expect(gateway.calls).toEqual([]);
    },
  );

  test('the three queries of the document are answered', async () => {
    expect((await gateway.call('GET', '/api/webhooks/stats')).body).toEqual({
      last_24_hours: { total: 6, successful: 3, success_rate: 50 },
      pending_retries: 1,
      top_failing: [],
    });
    const asked = gateway.calls.map(({ request }) => request);
    expect(asked).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ since: daysBefore(1) }),
        expect.objectContaining({ since: daysBefore(7), byEndpoint: true }),
        expect.objectContaining({ since: daysBefore(30) }),
      ]),
    );
  });
});
