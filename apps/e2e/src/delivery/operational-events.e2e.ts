import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startReceiver, type Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { created, createdEndpoint, newTenant, until, type Api } from '../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';

const dataDir = newDataDir();
let suite: Target;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  // 3.6 s
  suite = await startTarget({ dataDir, env: { BELLWIRE_DISABLE_AFTER_HOURS: '0.001' } });
});

afterAll(async () => {
  await suite.kill('SIGTERM');
  await receiver.close();
  removeDataDir(dataDir);
});

const body = z.object({ type: z.string(), data: z.record(z.string(), z.unknown()) });
const list = z.object({ data: z.array(z.looseObject({ id: z.string() })) });
const events = z.object({ data: z.array(z.object({ type: z.string() })) });

const told = (path: string) =>
  receiver.requests
    .filter((request) => request.path === path)
    .map((request) => body.parse(JSON.parse(request.body.toString())));

/** The data of the first event of that type that has come to the path. */
const toldOf = (path: string, type: string, timeoutMs = 20_000) =>
  until(`${type} at ${path}`, async () => told(path).find((each) => each.type === type)?.data, timeoutMs);

const endpoint = async (api: Api, path: string, fields: object = {}): Promise<string> => {
  const { id } = await api.post('/v1/endpoints', { url: receiver.url(path), ...fields }, createdEndpoint);
  return id;
};

const publish = async (api: Api, fields: object = {}): Promise<string> => {
  const { id } = await api.post('/v1/events', { type: 'order.paid', data: {}, ...fields }, created);
  return id;
};

describe('an endpoint that asks for operational events', () => {
  test('hears of a dead letter, its recovery and a disabled endpoint, and nothing of deliveries of these', async () => {
    receiver.answer('/orders', [500, 500, 200, 410]);
    receiver.answer('/deaf', 400);
    const { api } = await newTenant(suite.rest, suite.adminKey);
    const orders = await endpoint(api, '/orders', { retry: { schedule_seconds: [1], retry_on: 'any_failure' } });
    await endpoint(api, '/told', { event_types: ['bellwire.*'] });
    await endpoint(api, '/deaf', {
      event_types: ['bellwire.*'],
      retry: { schedule_seconds: [1], retry_on: 'transient' },
    });

    const eventId = await publish(api);
    const dead = await toldOf('/told', 'bellwire.delivery.dead_lettered');
    expect(dead).toMatchObject({
      endpoint_id: orders,
      event_id: eventId,
      event_type: 'order.paid',
      round: 1,
      attempt_count: 2,
      reason: 'attempts_exhausted',
      last_outcome: 'rejected',
      last_response_status: 500,
    });

    await until('the dead letter to be recorded', async () => {
      const { status } = await api.raw('POST', `/v1/deliveries/${String(dead['delivery_id'])}/redeliver`, {});
      return status < 300 ? true : undefined;
    });
    expect(await toldOf('/told', 'bellwire.delivery.recovered')).toMatchObject({
      delivery_id: dead['delivery_id'],
      round: 2,
      attempt_count: 3,
    });

    await publish(api);
    expect(await toldOf('/told', 'bellwire.endpoint.disabled')).toMatchObject({ endpoint_id: orders, reason: 'gone' });

    // Dead letters: the 410, and what the deaf endpoint refused.
    await until('all dead letters', async () => {
      const { data } = await api.get('/v1/dead-letters', list);
      return data.length >= 5 ? true : undefined;
    });
    await publish(api, { type: 'order.last' });
    const types = await until('the last event to be recorded', async () => {
      const { data } = await api.get('/v1/events', events);
      const found = data.map(({ type }) => type);
      return found.includes('order.last') ? found : undefined;
    });
    expect(types.toSorted((a, b) => a.localeCompare(b))).toEqual([
      'bellwire.delivery.dead_lettered',
      'bellwire.delivery.dead_lettered',
      'bellwire.delivery.recovered',
      'bellwire.endpoint.disabled',
      'order.last',
      'order.paid',
      'order.paid',
    ]);
    expect(told('/orders').every(({ type }) => type === 'order.paid')).toBe(true);
  }, 60_000);

  test('hears of an endpoint that goes on failing, and then of its end', async () => {
    receiver.answer('/failing', 500);
    const { api } = await newTenant(suite.rest, suite.adminKey);
    const retry = { schedule_seconds: Array.from({ length: 20 }, () => 1), retry_on: 'any_failure' };
    const id = await endpoint(api, '/failing', { retry });
    await endpoint(api, '/told-of-failing', { event_types: ['bellwire.endpoint.*'] });
    await publish(api);
    const warning = await toldOf('/told-of-failing', 'bellwire.endpoint.failing');
    expect(warning).toMatchObject({ endpoint_id: id, will_be_disabled_at: expect.any(String) });
    const end = await toldOf('/told-of-failing', 'bellwire.endpoint.disabled', 30_000);
    expect(end).toMatchObject({ endpoint_id: id, reason: 'failing', failing_since: warning['failing_since'] });
    const shown = z.object({ enabled: z.boolean(), disabled_reason: z.string().nullable() });
    expect(await api.get(`/v1/endpoints/${id}`, shown)).toEqual({ enabled: false, disabled_reason: 'failing' });
    expect(told('/told-of-failing')).toHaveLength(2);
  }, 60_000);

  test('of a subject hears of endpoints of that subject only', async () => {
    receiver.answer('/of-1', 410);
    receiver.answer('/of-2', 410);
    const { api } = await newTenant(suite.rest, suite.adminKey);
    const ofOne = await endpoint(api, '/of-1', { subject: 'user_1' });
    const ofTwo = await endpoint(api, '/of-2', { subject: 'user_2' });
    await endpoint(api, '/told-1', { subject: 'user_1', event_types: ['bellwire.endpoint.disabled'] });
    await endpoint(api, '/told-all', { event_types: ['bellwire.endpoint.disabled'] });
    await publish(api, { subject: 'user_2' });
    await publish(api, { subject: 'user_1' });
    await until('both to be told to the tenant', async () => (told('/told-all').length === 2 ? true : undefined));
    await toldOf('/told-1', 'bellwire.endpoint.disabled');
    expect(told('/told-all').map(({ data }) => data['endpoint_id'])).toEqual(expect.arrayContaining([ofOne, ofTwo]));
    expect(told('/told-1').map(({ data }) => data['endpoint_id'])).toEqual([ofOne]);
  }, 40_000);
});

describe('a tenant', () => {
  test('publishes and creates no types of Bellwire itself', async () => {
    const { api } = await newTenant(suite.rest, suite.adminKey);
    const refused = (path: string) => ({
      status: 400,
      json: expect.objectContaining({ reason: 'INVALID_FIELD', fields: [expect.objectContaining({ path })] }),
    });
    expect(await api.raw('POST', '/v1/events', { type: 'bellwire.x', data: {} })).toMatchObject(refused('type'));
    expect(await api.raw('POST', '/v1/event-types', { name: 'bellwire.x' })).toMatchObject(refused('name'));
  });
});
