import { describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { apiOf, created, createdEndpoint, createdKey, event, newTenant, until, type Api } from '../target/api.ts';
import { allDeliveries } from '../target/deliveries.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';

let target: Target;
let receiver: Receiver;
useTarget((running) => ({ target, receiver } = running));

const letters = z.object({ data: z.array(z.object({ id: z.string(), endpoint_id: z.string() })) });
const redeliveries = z.object({ data: z.array(z.unknown()) });
const refusal = z.object({ reason: z.enum(['NOT_FOUND', 'NOT_YET_RECORDED']) });
const counted = z.object({ deliveries: z.record(z.string(), z.int()), attempts: z.int() });

/** The tenant's key and that of its user 7, and an endpoint of each, which both refuse what they get. */
const setUp = async () => {
  const { id, api: tenant } = await newTenant(target.rest, target.adminKey);
  const admin = apiOf(target.rest, target.adminKey);
  const { key } = await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'of 7', subject: '7' }, createdKey);
  const user = apiOf(target.rest, key);
  const endpointAt = async (api: Api, path: string): Promise<string> => {
    receiver.answer(path, 400);
    const retry = { schedule_seconds: [1], retry_on: 'transient' };
    return (await api.post('/v1/endpoints', { url: receiver.url(path), retry }, createdEndpoint)).id;
  };
  return { tenant, user, ofUser: await endpointAt(user, '/user'), ofTenant: await endpointAt(tenant, '/tenant') };
};

describe('a key with a subject', () => {
  test('sees of an event about it the delivery to its own endpoint, and not the one to the whole tenant', async () => {
    const { tenant, user, ofUser, ofTenant } = await setUp();
    const published = await tenant.post('/v1/events', { type: 'order.paid', data: { n: 1 }, subject: '7' }, created);
    const dead = await until('both dead letters', async () => {
      const { data } = await tenant.get('/v1/dead-letters?subject=7', letters);
      return data.length === 2 ? data : undefined;
    });
    const idAt = (endpoint: string): string => dead.find(({ endpoint_id }) => endpoint_id === endpoint)?.id ?? '';
    const [own, hidden] = [idAt(ofUser), idAt(ofTenant)];

    const shown = await user.get(`/v1/events/${published.id}`, event);
    expect(shown.deliveries).toEqual([{ id: own, endpoint_id: ofUser, status: 'dead_lettered' }]);
    expect((await allDeliveries(user)).map(({ id }) => id)).toEqual([own]);
    expect(await allDeliveries(user, ofTenant)).toEqual([]);
    expect((await user.get('/v1/dead-letters', letters)).data.map(({ id }) => id)).toEqual([own]);
    expect(await user.get('/v1/stats', counted)).toMatchObject({ deliveries: { dead_lettered: 1 }, attempts: 1 });
    expect(await tenant.get('/v1/stats', counted)).toMatchObject({ deliveries: { dead_lettered: 2 }, attempts: 2 });

    await until('the hidden one to be old enough to be missed', async () => {
      const { json } = await user.raw('GET', `/v1/deliveries/${hidden}`);
      const { reason } = refusal.parse(json);
      return reason === 'NOT_FOUND' ? true : undefined;
    });
    for (const path of [
      `/v1/deliveries/${hidden}/redeliver`,
      `/v1/deliveries/${hidden}/cancel`,
      `/v1/endpoints/${ofTenant}/test`,
    ]) {
      expect([path, (await user.raw('POST', path, {})).json]).toEqual([
        path,
        expect.objectContaining({ reason: 'NOT_FOUND' }),
      ]);
    }
    const again = await user.post('/v1/dead-letters/redeliver', { ids: [hidden] }, redeliveries);
    expect(again.data).toMatchObject([{ error: { reason: 'NOT_FOUND' } }]);
    expect((await user.raw('GET', `/v1/deliveries/${own}`)).json).toMatchObject({
      attempts: [{ response_status: 400 }],
    });
    expect((await user.raw('POST', `/v1/deliveries/${own}/redeliver`, {})).status).toBeLessThan(300);
    await receiver.received((requests) => requests.filter(({ path }) => path === '/user').length === 2);
    expect(receiver.requests.filter(({ path }) => path === '/tenant')).toHaveLength(1);
  });
});
