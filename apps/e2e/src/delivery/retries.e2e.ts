import { describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { z } from 'zod';
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
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';

let suite: Target;
let receiver: Receiver;
useTarget((running) => ({ target: suite, receiver } = running));

const retry = { schedule_seconds: [1, 5, 15], retry_on: 'any_failure' };

/** One event to one endpoint of a new tenant. */
const send = async (path: string, endpoint: object = {}): Promise<{ api: Api; eventId: string }> => {
  const { api } = await newTenant(suite.rest, suite.adminKey);
  await api.post('/v1/endpoints', { url: receiver.url(path), retry, ...endpoint }, createdEndpoint);
  const { id } = await api.post('/v1/events', { type: 'order.paid', data: {} }, created);
  return { api, eventId: id };
};

const arrivals = (path: string): number[] =>
  receiver.requests.filter((request) => request.path === path).map(({ receivedAtMs }) => receivedAtMs);

const deliveryOf = (api: Api, eventId: string, status: string, timeoutMs = 40_000) =>
  until(
    `the delivery to be ${status}`,
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

/** Never before due, and less than a second late. */
const expectWaits = (times: number[], waitsMs: number[]): void => {
  const lateMs = waitsMs.map((wait, index) => (times[index + 1] ?? 0) - (times[index] ?? 0) - wait);
  console.log(`later than due, in ms: ${lateMs.join(', ')}`);
  expect(lateMs.filter((ms) => ms < 0 || ms >= 1000)).toEqual([]);
};

describe('an endpoint that fails', () => {
  test('twice gets three attempts by its schedule, and then has it', async () => {
    receiver.answer('/twice', [500, 500, 200]);
    const { api, eventId } = await send('/twice');
    const found = await deliveryOf(api, eventId, 'delivered');
    expect(found.attempts.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected', 'delivered']);
    expectWaits(arrivals('/twice'), [1000, 5000]);
  }, 60_000);

  test('always gets four attempts, is a dead letter, and has it after a redelivery', async () => {
    receiver.answer('/always', 500);
    const { api, eventId } = await send('/always');
    const dead = await deliveryOf(api, eventId, 'dead_lettered');
    expect(dead).toMatchObject({ attempt_count: 4, round: 1, reason: 'attempts_exhausted' });
    expectWaits(arrivals('/always'), [1000, 5000, 15_000]);
    const listed = z.object({ data: z.array(z.looseObject({ id: z.string() })) });
    const letters = await until('the dead letter', async () => {
      const { data } = await api.get('/v1/dead-letters', listed);
      return data.length > 0 ? data : undefined;
    });
    expect(letters.map(({ id }) => id)).toEqual([dead.id]);

    receiver.answer('/always', 200);
    await api.post(`/v1/deliveries/${dead.id}/redeliver`, {}, nothing);
    const delivered = await deliveryOf(api, eventId, 'delivered');
    expect(delivered).toMatchObject({ id: dead.id, round: 2, attempt_count: 5 });
    expect(delivered.attempts.at(-1)).toMatchObject({ number: 5, outcome: 'delivered' });
    const bodies = receiver.requests.filter(({ path }) => path === '/always').map(({ body }) => body.toString());
    expect(new Set(bodies).size).toBe(1);
    expect((await api.get('/v1/dead-letters', listed)).data).toEqual([]);
  }, 60_000);

  test('with a 400 is not tried again where only transient failures are', async () => {
    receiver.answer('/bad-request', 400);
    const { api, eventId } = await send('/bad-request', { retry: { ...retry, retry_on: 'transient' } });
    expect(await deliveryOf(api, eventId, 'dead_lettered')).toMatchObject({
      attempt_count: 1,
      reason: 'not_retryable',
    });
    expect(arrivals('/bad-request')).toHaveLength(1);
  });

  test('with 429 and Retry-After: 4 is left alone for four seconds', async () => {
    receiver.answer('/later', [{ status: 429, headers: { 'retry-after': '4' } }, 200]);
    const { api, eventId } = await send('/later');
    await deliveryOf(api, eventId, 'delivered');
    expectWaits(arrivals('/later'), [4000]);
  });

  test('with 410 is disabled, and the next event is skipped', async () => {
    receiver.answer('/gone', 410);
    const { api, eventId } = await send('/gone');
    expect(await deliveryOf(api, eventId, 'dead_lettered')).toMatchObject({ reason: 'endpoint_gone' });
    const endpoints = z.object({
      data: z.array(z.object({ enabled: z.boolean(), disabled_reason: z.string().nullable() })),
    });
    await until('the endpoint to be disabled', async () => {
      const { data } = await api.get('/v1/endpoints', endpoints);
      return data[0]?.enabled === false && data[0].disabled_reason === 'gone' ? true : undefined;
    });
    const { id } = await api.post('/v1/events', { type: 'order.paid', data: {} }, created);
    expect(await deliveryOf(api, id, 'skipped')).toMatchObject({ attempt_count: 0, reason: 'endpoint_disabled' });
  });
});

describe('a user', () => {
  test('of another tenant finds nothing of it', async () => {
    const { api, eventId } = await send('/private');
    const { id } = await deliveryOf(api, eventId, 'delivered');
    const other = await newTenant(suite.rest, suite.adminKey, 'other');
    for (const path of [`/v1/events/${eventId}`, `/v1/deliveries/${id}`]) {
      expect((await other.api.raw('GET', path)).status).toBe(404);
    }
    expect((await other.api.raw('POST', `/v1/deliveries/${id}/redeliver`, {})).status).toBe(404);
    expect((await apiOf(suite.rest, 'wrong').raw('GET', `/v1/events/${eventId}`)).status).toBe(401);
  });
});
