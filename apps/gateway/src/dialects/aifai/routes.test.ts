import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Endpoint } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { atText, samples } from '../../testing/fake-services.ts';
import { openGateway, type TestGateway } from '../../testing/open-gateway.ts';
import { fromPreferences } from './endpoint-preferences.ts';
import { noPreferences } from './preferences.ts';

const preferencesPath = '/api/v1/notifications/preferences/';
const listPath = '/api/v1/notifications/';
const checkPath = '/api/v1/notifications/check';
const url = 'https://your-endpoint.com/webhooks/aifai';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await openGateway();
  const who = { tenantId: 'ten_1', dialect: 'aifai', scopes: [], apiKeyId: 'key_1' };
  gateway.keys.set('key-1', { ...who, subject: 'u1' }).set('everybody', { ...who, subject: undefined });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.calls.length = 0;
  gateway.endpoints.length = 0;
  gateway.kept.settings = '{}';
  gateway.before.clear();
});

const put = (given: unknown) => gateway.call('PUT', preferencesPath, { json: JSON.stringify(given) });
const called = () => gateway.calls.map(({ method }) => method);
const requestsOf = (method: string) =>
  gateway.calls.filter((call) => call.method === method).map(({ request }) => request);
const refuse = (method: string, fault: Fault) =>
  gateway.before.set(method, () => {
    throw fault;
  });

/** As these routes make it; disabled, it has a secret that nobody has seen. */
const made = (id: string, { enable_webhook = true, webhook_url = url } = {}): Endpoint =>
  Endpoint.fromPartial({
    ...fromPreferences({ ...noPreferences, enable_webhook, webhook_url }, 'u1'),
    id,
    enabled: enable_webhook,
  });

describe('preferences', () => {
  test('of a user who has said nothing are the defaults, with and without the last slash', async () => {
    for (const path of [preferencesPath, preferencesPath.slice(0, -1)]) {
      expect(await gateway.call('GET', path)).toMatchObject({ status: 200, body: noPreferences });
    }
    expect(called()).not.toContain('PutSubjectSettings');
  });

  test('are those of the endpoint where there is one, without its secret', async () => {
    gateway.endpoints.push(made('ep_1'));
    const { body } = await gateway.call('GET', preferencesPath);
    expect(body).toEqual({ ...noPreferences, enable_webhook: true, webhook_url: url });
    expect(called()).toEqual(['ListEndpoints']);
    expect(requestsOf('ListEndpoints')).toMatchObject([{ subject: 'u1' }]);
  });

  test('are kept in the settings of the user while no URL is given', async () => {
    const { status, body } = await put({ quiet_hours_start: 22, quiet_hours_end: 6 });
    const preferences = { ...noPreferences, quiet_hours_start: 22, quiet_hours_end: 6 };
    expect([status, body]).toEqual([200, preferences]);
    expect(requestsOf('PutSubjectSettings')).toEqual([
      { subject: 'u1', settings: JSON.stringify({ preferences }), replaces: '{}' },
    ]);
    expect(called()).not.toContain('CreateEndpoint');
  });

  test('are written again where others changed the settings meanwhile', async () => {
    let lost = 0;
    gateway.before.set('PutSubjectSettings', () => {
      if (lost++ < 2) throw new Fault('LOST_RACE', 'Again.');
    });
    expect(await put({ max_notifications_per_hour: 10 })).toMatchObject({ status: 200 });
    expect(called().filter((name) => name === 'GetSubjectSettings')).toHaveLength(3);
  });

  test('make an endpoint with the first URL, and show its secret where that enables it', async () => {
    const { status, body } = await put({ enable_webhook: true, webhook_url: url, max_notifications_per_hour: 10 });
    expect([status, body]).toMatchObject([200, { enable_webhook: true, webhook_secret: 'whsec_1' }]);
    expect(requestsOf('CreateEndpoint')).toMatchObject([
      { endpoint: { subject: 'u1', url, eventTypes: ['notification'], hourlyLimit: 10 }, disabled: false },
    ]);
  });

  test('make a disabled one otherwise, whose secret is made anew and shown when it is enabled first', async () => {
    expect((await put({ webhook_url: url })).body).not.toHaveProperty('webhook_secret');
    expect(requestsOf('CreateEndpoint')).toMatchObject([{ disabled: true }]);
    gateway.calls.length = 0;
    gateway.endpoints.push(made('ep_1', { enable_webhook: false }));
    expect((await put({ enable_webhook: true })).body).toMatchObject({ webhook_secret: 'whsec_2' });
    expect(called()).toEqual(['ListEndpoints', 'GetSubjectSettings', 'RotateSecret']);
    const [change] = requestsOf('RotateSecret');
    const edit = { endpoint: { enabled: true }, updateMask: ['enabled', 'metadata'] };
    expect(change).toMatchObject({ id: 'ep_1', secret: undefined, overlapSeconds: 0, edit });
    expect(JSON.stringify(change)).not.toContain('unseen');
  });

  test('that enabling over /v1 has left behind make no new secret, whatever they change', async () => {
    const enabled = { ...made('ep_1', { enable_webhook: false }), enabled: true };
    for (const given of [{ max_notifications_per_hour: 10 }, { enable_webhook: true }, { enable_webhook: false }]) {
      gateway.endpoints.splice(0, Infinity, enabled);
      expect((await put(given)).body).not.toHaveProperty('webhook_secret');
    }
    expect(called()).not.toContain('RotateSecret');
    expect(JSON.stringify(requestsOf('UpdateEndpoint').at(-1))).not.toContain('unseen');
  });

  test('are not those of an endpoint that was made over /v1, which stays as it is', async () => {
    gateway.endpoints.push(Endpoint.fromPartial({ id: 'ep_0', url: 'https://example.com/own', enabled: true }));
    expect((await gateway.call('GET', preferencesPath)).body).toEqual(noPreferences);
    expect(await put({ webhook_url: null })).toMatchObject({ status: 200 });
    expect(await put({ webhook_url: url })).toMatchObject({ status: 200, body: { webhook_url: samples.endpoint.url } });
    expect(called()).toContain('CreateEndpoint');
    expect(called()).not.toContain('UpdateEndpoint');
    expect(called()).not.toContain('DeleteEndpoint');
  });

  test('change one that is there in one write, and show no secret', async () => {
    gateway.endpoints.push(made('ep_1'));
    const { body } = await put({ quiet_hours_start: 22, quiet_hours_end: 6 });
    expect(body).not.toHaveProperty('webhook_secret');
    expect(called()).toEqual(['ListEndpoints', 'GetSubjectSettings', 'UpdateEndpoint']);
    expect(requestsOf('UpdateEndpoint')).toMatchObject([
      {
        endpoint: { id: 'ep_1', quietHours: { start: '22:00', end: '06:00', timeZone: 'UTC', mode: 'skip' } },
        updateMask: ['quiet_hours', 'metadata'],
      },
    ]);
  });

  test('outlive the endpoint when the URL is cleared, and where they cannot be kept it stays', async () => {
    gateway.endpoints.push(made('ep_1'));
    refuse('PutSubjectSettings', new Fault('DATABASE_UNAVAILABLE', 'Later.'));
    expect(await put({ webhook_url: null })).toMatchObject({ status: 503 });
    expect(called()).not.toContain('DeleteEndpoint');
    gateway.before.clear();
    gateway.calls.length = 0;
    expect((await put({ webhook_url: null })).body).toEqual({ ...noPreferences, enable_webhook: true });
    expect(called()).toEqual(['ListEndpoints', 'GetSubjectSettings', 'PutSubjectSettings', 'DeleteEndpoint']);
  });

  test('that were kept move into the endpoint: when that is deleted over /v1 nothing old comes back', async () => {
    const checked_until = '2026-01-01T00:00:00.000Z';
    gateway.kept.settings = JSON.stringify({ checked_until });
    await put({ quiet_hours_start: 22, quiet_hours_end: 6 });
    await put({ webhook_url: url });
    expect(requestsOf('CreateEndpoint')).toMatchObject([
      { endpoint: { quietHours: { start: '22:00', end: '06:00' } } },
    ]);
    expect(JSON.parse(gateway.kept.settings)).toEqual({ checked_until });
    expect((await gateway.call('GET', preferencesPath)).body).toEqual(noPreferences);
  });

  test('that were kept before another process made the endpoint end with its first change', async () => {
    await put({ quiet_hours_start: 22, quiet_hours_end: 6 });
    gateway.endpoints.push(made('ep_1'));
    await put({ max_notifications_per_hour: 10 });
    gateway.endpoints.length = 0;
    expect((await gateway.call('GET', preferencesPath)).body).toEqual(noPreferences);
  });

  test('that another process keeps while the endpoint is made come into it', async () => {
    gateway.before.set('CreateEndpoint', () => {
      gateway.kept.settings = JSON.stringify({ preferences: { ...noPreferences, priorities: ['high'] } });
    });
    expect(await put({ webhook_url: url, max_notifications_per_hour: 10 })).toMatchObject({ status: 200 });
    expect(requestsOf('CreateEndpoint')).toHaveLength(1);
    expect(requestsOf('UpdateEndpoint')).toMatchObject([
      { endpoint: { url, hourlyLimit: 10, filter: expect.stringContaining('high') } },
    ]);
    expect(gateway.kept.settings).toBe('{}');
  });

  test('that are kept while another process makes the endpoint come into it', async () => {
    gateway.before.set('PutSubjectSettings', () => void gateway.endpoints.push(made('ep_1')));
    await put({ max_notifications_per_hour: 10 });
    expect(requestsOf('UpdateEndpoint')).toMatchObject([{ endpoint: { id: 'ep_1', hourlyLimit: 10 } }]);
    expect(gateway.kept.settings).toBe('{}');
  });

  test('make no endpoint where what was kept cannot be moved into it', async () => {
    await put({ max_notifications_per_hour: 10 });
    const before = gateway.kept.settings;
    refuse('PutSubjectSettings', new Fault('DATABASE_UNAVAILABLE', 'Later.'));
    expect(await put({ webhook_url: url })).toMatchObject({ status: 503 });
    expect(requestsOf('DeleteEndpoint')).toEqual([{ id: 'ep_1' }]);
    expect(gateway.kept.settings).toBe(before);
  });

  test('leave one of two endpoints that were made at once, and no other is touched', async () => {
    const users = Endpoint.fromPartial({ id: 'ep_0', url: 'https://example.com/own' });
    gateway.before.set('CreateEndpoint', () => void gateway.endpoints.push(made('ep_00'), users, made('ep_1')));
    refuse('DeleteEndpoint', new Fault('NOT_FOUND', 'It is gone.'));
    const { body } = await put({ webhook_url: url, enable_webhook: true });
    expect(body).not.toHaveProperty('webhook_secret');
    expect(requestsOf('DeleteEndpoint')).toEqual([{ id: 'ep_1' }]);
    expect(requestsOf('UpdateEndpoint')).toMatchObject([{ endpoint: { id: 'ep_00', url } }]);
  });

  test('tell what registry refuses by the name that was given', async () => {
    const fields = [{ path: 'url', message: 'must be https' }];
    refuse('CreateEndpoint', new Fault('INVALID_URL', 'must be https', { fields }));
    expect(await put({ webhook_url: 'http://example.com' })).toMatchObject({
      status: 400,
      body: { reason: 'INVALID_URL', fields: [{ path: 'webhook_url', message: 'must be https' }] },
    });
    expect(called()).not.toContain('PutSubjectSettings');
  });

  test.each([
    [{ enable_webhook: 'yes' }, 'enable_webhook'],
    [{ webhook_url: 5 }, 'webhook_url'],
    [{ webhook_url: '' }, 'webhook_url'],
    [{ webhook_url: `https://example.com/${'x'.repeat(2030)}` }, 'webhook_url'],
    [{ quiet_hours_start: 24 }, 'quiet_hours_start'],
    [{ quiet_hours_start: -1 }, 'quiet_hours_start'],
    [{ quiet_hours_end: 6.5 }, 'quiet_hours_end'],
    [{ quiet_hours_end: '6' }, 'quiet_hours_end'],
    [{ quiet_hours_start: 6, quiet_hours_end: 6 }, 'quiet_hours_end'],
    [{ time_zone: 'Mars/Olympus' }, 'time_zone'],
    [{ time_zone: '+02:00' }, 'time_zone'],
    [{ max_notifications_per_hour: 0 }, 'max_notifications_per_hour'],
    [{ max_notifications_per_hour: 100_001 }, 'max_notifications_per_hour'],
    [{ notification_types: [] }, 'notification_types'],
    [{ notification_types: 'x' }, 'notification_types'],
    [{ priorities: [''] }, 'priorities[0]'],
    [{ notification_types: ['a\0'] }, 'notification_types[0]'],
    [{ notification_types: Array.from({ length: 51 }, () => 'x') }, 'notification_types'],
    [{ notification_types: ['x'.repeat(101)] }, 'notification_types[0]'],
    [{ notification_types: ['x'], priorities: Array.from({ length: 50 }, () => '\u0001'.repeat(100)) }, 'priorities'],
    [{ webhook_secret: 'mine' }, 'webhook_secret'],
  ])('%j are refused, and nothing is written', async (given, path) => {
    expect(await put(given)).toMatchObject({ status: 400, body: { reason: 'INVALID_FIELD', fields: [{ path }] } });
    expect(called().filter((name) => !/^(List|Get)/.test(name))).toEqual([]);
  });

  test('may come with any content type or none, and must be JSON', async () => {
    const send = async (headers: Record<string, string>, text = '{"max_notifications_per_hour":10}') => {
      const authorization = { authorization: 'Bearer key-1' };
      const init = { method: 'PUT', headers: { ...authorization, ...headers }, body: new TextEncoder().encode(text) };
      const answer = await fetch(gateway.url + preferencesPath, init);
      return { status: answer.status, body: await answer.json() };
    };
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=x', 'nonsense']) {
      expect(await send({ 'content-type': type })).toMatchObject({
        status: 200,
        body: { max_notifications_per_hour: 10 },
      });
    }
    expect(await send({})).toMatchObject({ status: 200 });
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await send(form, 'max_notifications_per_hour=10')).toMatchObject({
      status: 400,
      body: { reason: 'MALFORMED_REQUEST', detail: 'The body is not valid JSON in UTF-8.' },
    });
  });

  test('keep a time zone as it is spelled', async () => {
    expect((await put({ time_zone: 'europe/berlin' })).body).toMatchObject({ time_zone: 'Europe/Berlin' });
    expect((await put({ time_zone: 'Asia/Kolkata' })).body).toMatchObject({ time_zone: 'Asia/Kolkata' });
  });

  test('need a body, a key of a user, and no query', async () => {
    expect(await gateway.call('PUT', preferencesPath)).toMatchObject({ status: 400 });
    expect(await gateway.call('GET', `${preferencesPath}?user=u2`)).toMatchObject({ status: 400 });
    const headers = { authorization: 'Bearer everybody' };
    for (const path of [preferencesPath, listPath, checkPath]) {
      expect(await gateway.call('GET', path, { headers })).toMatchObject({ body: { reason: 'SUBJECT_NEEDED' } });
    }
    expect(gateway.calls).toEqual([]);
  });
});

describe('notifications', () => {
  test('are the data of the events of the user, as published', async () => {
    const { status, text } = await gateway.call('GET', listPath);
    expect(status).toBe(200);
    expect(text).toBe(`{"notifications":[${samples.event.data}],"total":1,"limit":50,"offset":0}`);
    await gateway.call('GET', `${listPath}?limit=100&offset=10000`);
    const wanted = { type: 'notification', subject: 'u1', withTotal: true };
    expect(requestsOf('ListEvents')).toMatchObject([
      { ...wanted, limit: 50, offset: 0 },
      { ...wanted, limit: 100, offset: 10_000 },
    ]);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=1e1',
    'limit=0x1',
    'limit=',
    'limit=1&limit=2',
    'offset=%2B1',
    'offset=-1',
    'offset=10001',
    'subject=u2',
  ])('with %s are refused', async (query) => {
    expect(await gateway.call('GET', `${listPath}?${query}`)).toMatchObject({ status: 400 });
    expect(gateway.calls).toEqual([]);
  });
});

describe('a check', () => {
  test('tells what came since the last one, up to what audit knows, and remembers that', async () => {
    const { status, text } = await gateway.call('POST', checkPath);
    expect([status, text]).toEqual([200, `{"notifications":[${samples.event.data}],"total":1}`]);
    expect(requestsOf('ListEvents').at(-1)).toMatchObject({
      type: 'notification',
      subject: 'u1',
      since: undefined,
      until: new Date(atText),
      limit: 100,
    });
    expect(requestsOf('PutSubjectSettings')).toMatchObject([
      { subject: 'u1', settings: JSON.stringify({ checked_until: atText }), replaces: '{}' },
    ]);
  });

  test('asked with GET remembers nothing', async () => {
    expect((await gateway.call('GET', checkPath)).body).toMatchObject({ total: 1 });
    expect(called()).not.toContain('PutSubjectSettings');
  });

  test('that was overtaken by another looks again', async () => {
    let lost = 0;
    gateway.before.set('PutSubjectSettings', () => {
      if (lost++ === 0) throw new Fault('LOST_RACE', 'Again.');
    });
    expect(await gateway.call('POST', checkPath)).toMatchObject({ status: 200 });
    expect(requestsOf('ListEvents')).toHaveLength(4);
  });

  test('that is overtaken each time gives up', async () => {
    refuse('PutSubjectSettings', new Fault('LOST_RACE', 'Again.'));
    expect(await gateway.call('POST', checkPath)).toMatchObject({ status: 409, body: { reason: 'LOST_RACE' } });
  });

  test('takes no body and no query', async () => {
    expect(await gateway.call('POST', checkPath, { json: '{"id":1}' })).toMatchObject({ status: 400 });
    expect(await gateway.call('POST', `${checkPath}?limit=1`)).toMatchObject({ status: 400 });
  });
});
