import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freshDatabase, startReceiver, type FreshDatabase, type Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { apiOf, created, createdEndpoint, newTenant, nothing, until, type Api } from '../target/api.ts';
import { allDeliveries } from '../target/deliveries.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';

const dataDir = newDataDir();
let database: FreshDatabase;
let receiver: Receiver;
let suite: Target;

const start = () =>
  startTarget({
    dataDir,
    env: {
      BELLWIRE_DATABASE_URL: database.url,
      BELLWIRE_RECONCILE_MINUTES: '0',
      BELLWIRE_RECONCILE_GRACE_SECONDS: '1',
    },
  });

beforeAll(async () => {
  database = await freshDatabase();
  receiver = await startReceiver();
  suite = await start();
});
afterAll(async () => {
  await suite.kill('SIGTERM');
  await receiver.close();
  await database.drop();
  removeDataDir(dataDir);
});

const reconciliation = z.object({
  data: z.array(
    z.object({
      delivery_id: z.string().nullable(),
      tenant_id: z.string(),
      endpoint_id: z.string().nullable(),
      status: z.string().nullable(),
    }),
  ),
  missing_count: z.number(),
  checked_at: z.string(),
  under_way: z.boolean(),
});

/** What a check says that began after this was called. */
const checked = async (api: Api, path = '/v1/reconcile') => {
  const since = new Date().toISOString();
  return until('a new check', async () => {
    const answer = await api.raw('GET', path);
    if (answer.status === 503) return undefined;
    const found = reconciliation.parse(answer.json);
    return !found.under_way && found.checked_at >= since ? found : undefined;
  });
};

/** One delivery that has failed once and waits for its retry. */
const waiting = async (path: string, seconds: number) => {
  receiver.answer(path, [500, 200]);
  const tenant = await newTenant(suite.rest, suite.adminKey);
  const retry = { schedule_seconds: [seconds], retry_on: 'any_failure' };
  const endpoint = await tenant.api.post('/v1/endpoints', { url: receiver.url(path), retry }, createdEndpoint);
  await tenant.api.post('/v1/events', { type: 'order.paid', data: {} }, created);
  const delivery = await until('the first attempt', async () =>
    (await allDeliveries(tenant.api)).find(({ status }) => status === 'retrying'),
  );
  return {
    ...tenant,
    endpointId: endpoint.id,
    deliveryId: delivery.id,
    dueAtMs: Date.parse(delivery.next_attempt_at ?? ''),
  };
};

test('a delivery whose record is gone from the log is found, and can be redelivered', async () => {
  const healthy = await waiting('/healthy', 3600);
  const lost = await waiting('/lost', 25);
  expect(await suite.kill('SIGTERM')).toBe(0);
  expect(Date.now()).toBeLessThan(lost.dueAtMs);
  const remove = `delete from log_record where topic like 'retries.%' and position(convert_to($1, 'UTF8') in value) > 0`;
  expect(await database.run(remove, [lost.deliveryId])).toBeGreaterThan(0);
  suite = await start();

  const [ofLost, ofHealthy] = [lost, healthy].map(({ key }) => apiOf(suite.rest, key));
  if (ofLost === undefined || ofHealthy === undefined) throw new Error('there are two');
  const found = await until('the check to find it', async () => {
    const answer = await checked(ofLost);
    return answer.missing_count > 0 ? answer : undefined;
  });
  expect(Date.now()).toBeGreaterThan(lost.dueAtMs + 1000);
  const missing = {
    delivery_id: lost.deliveryId,
    tenant_id: lost.id,
    endpoint_id: lost.endpointId,
    status: 'retrying',
  };
  expect(found).toMatchObject({ data: [missing], missing_count: 1 });
  expect(await checked(ofHealthy)).toMatchObject({ data: [], missing_count: 0 });
  const admin = apiOf(suite.rest, suite.adminKey);
  expect(await admin.get('/v1/reconcile', reconciliation)).toMatchObject({ data: [missing], missing_count: 1 });
  const ofTenant = (id: string) => admin.get(`/v1/reconcile?tenant=${id}`, reconciliation);
  expect(await ofTenant(healthy.id)).toMatchObject({ data: [] });
  expect(await ofTenant(lost.id)).toMatchObject({ data: [missing] });
  expect((await ofHealthy.raw('GET', `/v1/reconcile?tenant=${lost.id}`)).status).toBe(404);

  await ofLost.post(`/v1/deliveries/${lost.deliveryId}/redeliver`, undefined, nothing);
  await until('the delivery', async () =>
    (await allDeliveries(ofLost)).find(({ id, status }) => id === lost.deliveryId && status === 'delivered'),
  );
  expect(await ofLost.get('/v1/reconcile', reconciliation)).toMatchObject({ data: [], missing_count: 0 });
});
