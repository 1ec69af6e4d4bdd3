import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startReceiver, type Receiver } from '@bellwire/testing';
import {
  apiOf,
  created,
  createdEndpoint,
  delivery,
  event,
  newTenant,
  nothing,
  until,
  type Api,
} from '../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';

const dataDir = newDataDir();
let suite: Target;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  suite = await startTarget({ dataDir });
});

afterAll(async () => {
  await suite.kill('SIGTERM');
  await receiver.close();
  removeDataDir(dataDir);
});

/** A hold is looked at again after ten seconds at first, then after twice as long. */
const holdMs = 70_000;

const publish = async (api: Api): Promise<string> =>
  (await api.post('/v1/events', { type: 'order.paid', data: {} }, created)).id;

/** The delivery of an event that has one, as soon as it is recorded so. */
const deliveryOf = (api: Api, eventId: string, status: string, timeoutMs = 30_000) =>
  until(
    `the delivery of ${eventId} to be ${status}`,
    async () => {
      const shown = await api.raw('GET', `/v1/events/${eventId}`);
      const id = shown.status === 200 ? event.parse(shown.json).deliveries[0]?.id : undefined;
      if (id === undefined) return undefined;
      const { json, status: code } = await api.raw('GET', `/v1/deliveries/${id}`);
      const found = code === 200 ? delivery.parse(json) : undefined;
      return found?.status === status ? found : undefined;
    },
    timeoutMs,
  );

/** Events whose first attempt has failed, and whose second one is due after `waitSeconds`. */
const backlog = async (path: string, { count = 3, waitSeconds = 3 } = {}) => {
  receiver.answer(path, 500);
  const tenant = await newTenant(suite.rest, suite.adminKey);
  const { api } = tenant;
  const retry = { schedule_seconds: [waitSeconds, 1], retry_on: 'any_failure' };
  const { id } = await api.post('/v1/endpoints', { url: receiver.url(path), retry }, createdEndpoint);
  const eventIds: string[] = [];
  for (let sent = 0; sent < count; sent++) eventIds.push(await publish(api));
  for (const eventId of eventIds) await deliveryOf(api, eventId, 'retrying');
  return { ...tenant, endpointPath: `/v1/endpoints/${id}`, eventIds };
};

const arrivals = (path: string, eventId: string): number =>
  receiver.requests.filter((request) => request.path === path && request.headers['webhook-id'] === eventId).length;

describe('deliveries that wait', () => {
  test('are held while their endpoint is disabled, new ones are skipped, and enabling brings those that waited', async () => {
    const { api, endpointPath, eventIds } = await backlog('/disabled');
    await api.post(`${endpointPath}/disable`, {}, nothing);
    const skipped = await publish(api);
    for (const eventId of eventIds) {
      expect(await deliveryOf(api, eventId, 'held')).toMatchObject({ reason: 'endpoint_disabled', attempt_count: 1 });
    }
    expect(await deliveryOf(api, skipped, 'skipped')).toMatchObject({ reason: 'endpoint_disabled', attempt_count: 0 });

    receiver.answer('/disabled', 200);
    await api.post(`${endpointPath}/enable`, {}, nothing);
    for (const eventId of eventIds) {
      expect(await deliveryOf(api, eventId, 'delivered', holdMs)).toMatchObject({ round: 1, attempt_count: 2 });
      expect(arrivals('/disabled', eventId)).toBe(2);
    }
    expect(arrivals('/disabled', skipped)).toBe(0);
  }, 120_000);

  test('are held while their endpoint is in test mode, which receives tests and is owed nothing else', async () => {
    const { api, endpointPath, eventIds } = await backlog('/test-mode', { count: 2 });
    await api.raw('PATCH', endpointPath, { test_mode: true });
    for (const eventId of eventIds) {
      expect(await deliveryOf(api, eventId, 'held')).toMatchObject({ reason: 'test_mode', attempt_count: 1 });
    }
    receiver.answer('/test-mode', 200);
    const unowed = await publish(api);
    await until('the event to be recorded', async () =>
      (await api.raw('GET', `/v1/events/${unowed}`)).status === 200 ? true : undefined,
    );
    const before = receiver.requests.filter(({ path }) => path === '/test-mode').length;
    await api.post(`${endpointPath}/test`, {}, nothing);
    expect(receiver.requests.filter(({ path }) => path === '/test-mode')).toHaveLength(before + 1);

    await api.raw('PATCH', endpointPath, { test_mode: false });
    for (const eventId of eventIds) await deliveryOf(api, eventId, 'delivered', holdMs);
    expect(event.parse((await api.raw('GET', `/v1/events/${unowed}`)).json).deliveries).toEqual([]);
    expect(arrivals('/test-mode', unowed)).toBe(0);
  }, 120_000);

  test('are cancelled when their endpoint is deleted', async () => {
    const { api, endpointPath, eventIds } = await backlog('/deleted');
    await api.raw('DELETE', endpointPath);
    for (const eventId of eventIds) {
      expect(await deliveryOf(api, eventId, 'cancelled')).toMatchObject({
        reason: 'endpoint_deleted',
        attempt_count: 1,
      });
      expect(arrivals('/deleted', eventId)).toBe(1);
    }
  }, 60_000);
});

describe('a delivery that is cancelled', () => {
  test('is not sent any more, also after a restart, and goes on counting when it is redelivered', async () => {
    const { api, key, eventIds } = await backlog('/cancelled', { count: 2, waitSeconds: 20 });
    const [first = '', second = ''] = eventIds;
    const { id } = await deliveryOf(api, first, 'retrying');
    const other = await newTenant(suite.rest, suite.adminKey, 'other');
    expect((await other.api.raw('POST', `/v1/deliveries/${id}/cancel`, {})).status).toBe(404);

    expect(await api.raw('POST', `/v1/deliveries/${id}/cancel`, {})).toMatchObject({ status: 202, json: { id } });
    expect(await deliveryOf(api, first, 'cancelled')).toMatchObject({ reason: 'cancelled_by_user', attempt_count: 1 });
    expect(await api.raw('POST', `/v1/deliveries/${id}/cancel`, {})).toMatchObject({
      status: 409,
      json: { reason: 'WRONG_STATE' },
    });

    await suite.kill('SIGTERM');
    suite = await startTarget({ dataDir });
    const again = apiOf(suite.rest, key);
    receiver.answer('/cancelled', 200);
    // Its neighbour was due after it: what would have come for the cancelled one has come by then.
    await deliveryOf(again, second, 'delivered', 60_000);
    expect([arrivals('/cancelled', first), arrivals('/cancelled', second)]).toEqual([1, 2]);

    await again.post(`/v1/deliveries/${id}/redeliver`, {}, nothing);
    const delivered = await deliveryOf(again, first, 'delivered');
    expect(delivered).toMatchObject({ id, round: 2, attempt_count: 2 });
    expect(delivered.attempts.map(({ number, outcome }) => `${number} ${outcome}`)).toEqual([
      '1 rejected',
      '2 delivered',
    ]);
    expect(arrivals('/cancelled', first)).toBe(2);
  }, 120_000);
});
