import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DeliveryStatus, type Endpoint } from '@bellwire/contracts';
import { roleReady } from '@bellwire/dialects';
import { Fault } from '@bellwire/errors';
import { samples } from '../../testing/fake-services.ts';
import { openGateway, type TestGateway } from '../../testing/open-gateway.ts';

const path = '/api/webhooks/config';
const url = 'https://your-app.com/webhooks';
const names = roleReady.catalogue.map(({ name }) => name);
const long = 'x'.repeat(2048);
const nowMs = Date.parse('2026-03-01T00:00:00Z');
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await openGateway({ clock: { now: () => nowMs } });
  const who = { tenantId: 'ten_1', dialect: 'roleready', scopes: [], apiKeyId: 'key_1' };
  gateway.keys.set('key-1', { ...who, subject: 'u1' });
  gateway.keys.set('everybody', { ...who, subject: undefined });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.calls.length = 0;
  gateway.before.clear();
  gateway.endpoints.splice(0, Infinity, made('ep_1'));
});

const post = (body: unknown) => gateway.call('POST', path, { json: JSON.stringify(body) });
const called = () => gateway.calls.map(({ method }) => method);
const refuses = (method: string, reason: 'NOT_FOUND' | 'LOG_UNAVAILABLE') =>
  gateway.before.set(method, () => {
    throw new Fault(reason, 'no');
  });

const made = (id: string): Endpoint => ({ ...samples.endpoint, id, metadata: { 'roleready.configuration': 'true' } });

/** Registry as it is when this is the endpoint that the next call makes, and these came meanwhile. */
const makes = (...endpoints: Endpoint[]) => {
  gateway.endpoints.length = 0;
  gateway.before.set('CreateEndpoint', () => void gateway.endpoints.push(...endpoints));
};

const config = {
  id: 'ep_1',
  url: samples.endpoint.url,
  enabled: true,
  enabledEvents: ['order.*'],
};

describe('reading the configuration', () => {
  test('says that there is none, and which events there are', async () => {
    gateway.endpoints.length = 0;
    expect(await gateway.call('GET', path)).toMatchObject({
      status: 200,
      body: { configured: false, config: null, availableEvents: names },
    });
    expect(gateway.calls).toMatchObject([{ method: 'ListEndpoints', request: { subject: 'u1' } }]);
  });

  test('shows the endpoint of the user, without its secret', async () => {
    const at = '2026-01-31T12:00:00Z';
    expect((await gateway.call('GET', path)).body).toEqual({
      configured: true,
      config: { ...config, createdAt: at, updatedAt: at },
      availableEvents: names,
    });
  });

  test('shows no endpoint that the user has made over /v1', async () => {
    gateway.endpoints.splice(0, Infinity, { ...samples.endpoint, id: 'ep_0' });
    expect((await gateway.call('GET', path)).body).toMatchObject({ configured: false });
    gateway.endpoints.push(made('ep_1'));
    expect((await gateway.call('GET', path)).body).toMatchObject({ configured: true, config: { id: 'ep_1' } });
  });

  test('is refused to a key of the whole tenant', async () => {
    const headers = { authorization: 'Bearer everybody' };
    expect(await gateway.call('GET', path, { headers })).toMatchObject({
      status: 403,
      body: { reason: 'SUBJECT_NEEDED' },
    });
  });
});

describe('saving the configuration', () => {
  test('makes an endpoint of the user, and shows its secret', async () => {
    makes(made('ep_1'));
    const enabledEvents = ['ats.check_failed'];
    expect((await post({ url, enabled: true, enabledEvents })).body).toEqual({
      success: true,
      config: { ...config, secret: 'whsec_1' },
      message: 'Webhook configuration saved successfully',
    });
    expect(called()).toEqual(['ListEndpoints', 'CreateEndpoint', 'ListEndpoints']);
    expect(gateway.calls[1]?.request).toMatchObject({
      endpoint: { url, subject: 'u1', eventTypes: ['ats.check_failed'], testMode: false },
    });
  });

  test('enables it for all events where nothing else is given', async () => {
    makes(made('ep_1'));
    await post({ url });
    expect(gateway.calls[1]?.request).toMatchObject({ endpoint: { eventTypes: names, testMode: false } });
  });

  test('makes one that receives nothing before it is disabled', async () => {
    makes(made('ep_1'));
    expect(await post({ url, enabled: false })).toMatchObject({ status: 200 });
    expect(gateway.calls[1]?.request).toMatchObject({ endpoint: { testMode: true } });
    expect(gateway.calls[3]).toMatchObject({
      method: 'UpdateEndpoint',
      request: { endpoint: { id: 'ep_1', enabled: false, testMode: false }, updateMask: ['enabled', 'test_mode'] },
    });
  });

  test('changes what is given of the one that is there, and shows its secret again', async () => {
    expect(await post({ url, enabledEvents: ['resume.parsed'] })).toMatchObject({
      status: 200,
      body: { config: { id: 'ep_1', secret: 'whsec_1' } },
    });
    expect(called()).toEqual(['ListEndpoints', 'UpdateEndpoint', 'GetSecret']);
    expect(gateway.calls[1]?.request).toMatchObject({
      endpoint: { id: 'ep_1', url, eventTypes: ['resume.parsed'] },
      updateMask: ['url', 'event_types'],
    });
  });

  test('makes one beside an endpoint that the user has made over /v1, which stays as it is', async () => {
    const own = { ...samples.endpoint, id: 'ep_0' };
    makes(made('ep_1'));
    gateway.endpoints.push(own);
    expect(await post({ url })).toMatchObject({ status: 200, body: { config: { id: 'ep_1' } } });
    expect(called()).toEqual(['ListEndpoints', 'CreateEndpoint', 'ListEndpoints']);
  });

  test('makes a new one where another gateway has deleted it meanwhile', async () => {
    gateway.before.set('UpdateEndpoint', () => {
      gateway.endpoints.length = 0;
      throw new Fault('NOT_FOUND', 'no');
    });
    gateway.before.set('CreateEndpoint', () => void gateway.endpoints.push(made('ep_1')));
    expect(await post({ url })).toMatchObject({ status: 200, body: { config: { id: 'ep_1', secret: 'whsec_1' } } });
    expect(called()).toEqual(['ListEndpoints', 'UpdateEndpoint', 'CreateEndpoint', 'ListEndpoints']);
  });

  test('waits for a deletion that came before it, and makes a new one', async () => {
    const saved: ReturnType<typeof post>[] = [];
    gateway.before.set('DeleteEndpoint', async () => {
      saved.push(post({ url }));
      // The answer to what was asked later says that the call before it has come.
      await gateway.call('GET', path);
      gateway.endpoints.length = 0;
    });
    gateway.before.set('CreateEndpoint', () => void gateway.endpoints.push(made('ep_1')));
    expect(await gateway.call('DELETE', path)).toMatchObject({ status: 200 });
    expect(await saved[0]).toMatchObject({ status: 200 });
    expect(called()).not.toContain('UpdateEndpoint');
  });

  test('keeps the older of two that two gateways made at once, with what was given last', async () => {
    makes(made('ep_0'), made('ep_1'));
    await post({ url });
    expect(gateway.calls.slice(3)).toMatchObject([
      { method: 'DeleteEndpoint', request: { id: 'ep_1' } },
      { method: 'UpdateEndpoint', request: { endpoint: { id: 'ep_0', url } } },
      { method: 'GetSecret' },
    ]);
  });

  test('takes away the younger one, also where the other gateway has done so, and nothing that it has not made', async () => {
    makes({ ...samples.endpoint, id: 'ep_0' }, made('ep_1'), made('ep_2'));
    refuses('DeleteEndpoint', 'NOT_FOUND');
    expect(await post({ url })).toMatchObject({ status: 200, body: { config: { id: 'ep_1', secret: 'whsec_1' } } });
    expect(gateway.calls.slice(3)).toMatchObject([{ method: 'DeleteEndpoint', request: { id: 'ep_2' } }]);
  });

  test('fails where the younger one cannot be taken away', async () => {
    makes(made('ep_1'), made('ep_2'));
    refuses('DeleteEndpoint', 'LOG_UNAVAILABLE');
    expect(await post({ url })).toMatchObject({ status: 503 });
  });

  test.each([
    [{}, 'url'],
    [{ url: 1 }, 'url'],
    [{ url: `https://a.example/${long}` }, 'url'],
    [{ url, enabled: 'true' }, 'enabled'],
    [{ url, enabledEvents: [] }, 'enabledEvents'],
    [{ url, enabledEvents: 'resume.parsed' }, 'enabledEvents'],
    [{ url, enabledEvents: ['resume.parsed', 'resume.*'] }, 'enabledEvents[1]'],
    [{ url, secret: 'mine' }, 'secret'],
  ])('refuses %# before anything is written', async (body, at) => {
    makes(made('ep_1'));
    expect(await post(body)).toMatchObject({
      status: 400,
      body: { reason: 'INVALID_FIELD', fields: [{ path: at, message: expect.any(String) }] },
    });
    expect(called().filter((method) => method !== 'ListEndpoints')).toEqual([]);
  });
});

describe('what needs a configuration', () => {
  test('regenerating ends the old secret at once', async () => {
    expect((await gateway.call('POST', '/api/webhooks/regenerate-secret')).body).toEqual({
      success: true,
      message: 'Webhook secret regenerated successfully',
      secret: 'whsec_2',
    });
    expect(gateway.calls.at(-1)).toMatchObject({ method: 'RotateSecret', request: { id: 'ep_1', overlapSeconds: 0 } });
  });

  test('deleting deletes the endpoint', async () => {
    expect((await gateway.call('DELETE', path)).body).toEqual({
      success: true,
      message: 'Webhook configuration deleted successfully',
    });
    expect(gateway.calls.at(-1)).toMatchObject({ method: 'DeleteEndpoint', request: { id: 'ep_1' } });
  });

  test('testing answers with what came of it', async () => {
    expect((await gateway.call('POST', '/api/webhooks/test')).body).toEqual({
      success: false,
      error: 'Failed to deliver test webhook',
      details: 'HTTP 500',
      statusCode: 500,
      deliveryId: samples.attempt.deliveryId,
    });
    expect(gateway.calls.at(-1)).toMatchObject({ method: 'SendTest', request: { eventType: 'webhook.test' } });
  });

  test.each([
    ['DELETE', path],
    ['POST', '/api/webhooks/test'],
    ['POST', '/api/webhooks/regenerate-secret'],
  ])('%s %s is 404 without one', async (method, at) => {
    gateway.endpoints.length = 0;
    expect(await gateway.call(method, at)).toMatchObject({ status: 404, body: { reason: 'NOT_FOUND' } });
  });

  test.each([
    ['POST', '/api/webhooks/test', '{"event":"resume.parsed"}'],
    ['POST', '/api/webhooks/regenerate-secret', '{"secret":"mine"}'],
    ['DELETE', path, '{"id":"ep_2"}'],
    ['GET', `${path}?id=ep_2`, undefined],
    ['GET', '/api/webhooks/stats?days=7', undefined],
  ])('%s %s with %s is refused', async (method, at, json) => {
    expect(await gateway.call(method, at, json === undefined ? {} : { json })).toMatchObject({ status: 400 });
    expect(gateway.calls).toEqual([]);
  });
});

describe('the logs', () => {
  const logs = (query = '') => gateway.call('GET', `/api/webhooks/logs${query}`);

  test('are the deliveries of the configuration of the last 90 days', async () => {
    expect((await logs()).body).toEqual({
      logs: [
        {
          id: 'd-1',
          event: 'order.paid',
          url: samples.endpoint.url,
          success: false,
          statusCode: 500,
          attempts: 1,
          error: 'HTTP 500',
          deliveryId: 'd-1',
          deliveredAt: null,
          createdAt: '2026-01-31T12:00:00Z',
        },
      ],
      pagination: { total: 1, limit: 50, offset: 0, hasMore: false },
    });
    const { DELIVERED, RETRYING, HELD, DEAD_LETTERED, CANCELLED } = DeliveryStatus;
    expect(gateway.calls.at(-1)?.request).toMatchObject({
      endpointId: 'ep_1',
      eventType: undefined,
      statuses: [DELIVERED, RETRYING, HELD, DEAD_LETTERED, CANCELLED],
      since: new Date('2025-12-01T00:00:00Z'),
      limit: 50,
      offset: 0,
      withTotal: true,
      withTests: true,
      triedOnly: true,
    });
  });

  test('are filtered and paged as asked for', async () => {
    await logs('?limit=100&offset=200&event=resume.parsed&success=true');
    expect(gateway.calls.at(-1)?.request).toMatchObject({
      eventType: 'resume.parsed',
      statuses: [DeliveryStatus.DELIVERED],
      limit: 100,
      offset: 200,
    });
    await logs('?success=false');
    expect(gateway.calls.at(-1)?.request).toMatchObject({
      statuses: expect.not.arrayContaining([DeliveryStatus.DELIVERED]),
    });
  });

  test('are empty without a configuration', async () => {
    gateway.endpoints.length = 0;
    expect((await logs('?limit=10')).body).toEqual({
      logs: [],
      pagination: { total: 0, limit: 10, offset: 0, hasMore: false },
    });
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=1e1',
    'limit=1.5',
    'offset=-1',
    'offset=10001',
    'event=resume.read',
    'success=yes',
    'cursor=c',
  ])('%s is refused', async (query) => {
    expect(await logs(`?${query}`)).toMatchObject({
      status: 400,
      body: { fields: [{ path: query.split('=')[0], message: expect.any(String) }] },
    });
    expect(gateway.calls).toEqual([]);
  });
});

describe('the statistics', () => {
  const stats = async () => (await gateway.call('GET', '/api/webhooks/stats')).body;

  test('count what has ended, with two decimals as text', async () => {
    expect(await stats()).toEqual({
      total: 4,
      successful: 3,
      failed: 1,
      successRate: '75.00',
      averageAttempts: '1.50',
      byEvent: { 'order.paid': { total: 4, successful: 3, failed: 1 } },
    });
    expect(gateway.calls.at(-1)).toMatchObject({
      method: 'GetStats',
      request: { endpointId: 'ep_1', since: new Date('2025-12-01T00:00:00Z') },
    });
  });

  test('are zeros without a configuration', async () => {
    gateway.endpoints.length = 0;
    const counts = { total: 0, successful: 0, failed: 0 };
    expect(await stats()).toEqual({ ...counts, successRate: '0.00', averageAttempts: '0.00', byEvent: {} });
  });
});
