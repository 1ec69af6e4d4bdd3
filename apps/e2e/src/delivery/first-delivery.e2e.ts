import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startReceiver, type Receiver } from '@bellwire/testing';
import { Webhook } from 'standardwebhooks';
import { created, createdEndpoint, delivery, event, newTenant, until } from '../suite/api.ts';
import { newDataDir, removeDataDir, startSuiteProcess, type SuiteProcess } from '../suite/suite-process.ts';

const dataDir = newDataDir();
let suite: SuiteProcess;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  suite = await startSuiteProcess({ dataDir });
});

afterAll(async () => {
  await suite.kill('SIGTERM');
  await receiver.close();
  removeDataDir(dataDir);
});

describe('the suite', () => {
  test('is ready within 30 seconds of its first start', async () => {
    expect(suite.readyAfterMs).toBeLessThan(30_000);
    expect((await fetch(`${suite.rest}/readyz`)).status).toBe(200);
    expect((await fetch(`${suite.rest}/healthz`)).status).toBe(200);
  });

  test('delivers an event that standardwebhooks verifies, and shows it within two seconds', async () => {
    const { api } = await newTenant(suite.rest, suite.adminKey);
    const endpoint = await api.post(
      '/v1/endpoints',
      { url: receiver.url('/first'), event_types: ['order.*'] },
      createdEndpoint,
    );
    const publishedAt = Date.now();
    const { id } = await api.post('/v1/events', { type: 'order.paid', data: { amount: 12.5 } }, created);
    const [request] = await receiver.received((requests) => requests.some(({ path }) => path === '/first'));
    const headers = Object.fromEntries(
      Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(new Webhook(endpoint.secret).verify(request?.body.toString() ?? '', headers)).toMatchObject({
      type: 'order.paid',
      data: { amount: 12.5 },
    });
    expect(headers['webhook-id']).toBe(id);

    const found = await until('the delivery', async () => {
      const { status, json } = await api.raw('GET', `/v1/events/${id}`);
      const deliveryId = status === 200 ? event.parse(json).deliveries[0]?.id : undefined;
      if (deliveryId === undefined) return undefined;
      const shown = await api.raw('GET', `/v1/deliveries/${deliveryId}`);
      const known = shown.status === 200 ? delivery.parse(shown.json) : undefined;
      return known?.status === 'delivered' ? known : undefined;
    });
    expect(Date.now() - publishedAt).toBeLessThan(2000);
    expect(found).toMatchObject({ event_id: id, round: 1, attempt_count: 1 });
    expect(found.attempts).toEqual([
      expect.objectContaining({ number: 1, outcome: 'delivered', response_status: 200 }),
    ]);
  });

  test('keeps the order and the form of what was published', async () => {
    const { api } = await newTenant(suite.rest, suite.adminKey);
    await api.post('/v1/endpoints', { url: receiver.url('/exact') }, createdEndpoint);
    const data = '{ "b": 1.0, "a": 12345678901234567890, "10": 1e5, "9": "\\u00e9 é" }';
    await api.post('/v1/events', `{"type":"order.paid","data":${data}}`, created);
    await receiver.received((requests) => requests.some(({ path }) => path === '/exact'));
    const body = receiver.requests.find(({ path }) => path === '/exact')?.body.toString();
    expect(body).toContain('"data":{"b":1.0,"a":12345678901234567890,"10":1e5,"9":"\\u00e9 é"}}');
  });

  test('stops when asked to, and finds its data at the next start', async () => {
    const { id, api } = await newTenant(suite.rest, suite.adminKey);
    const { id: eventId } = await api.post('/v1/events', { type: 'order.kept', data: {} }, created);
    const adminKey = suite.adminKey;
    expect(await suite.kill('SIGINT')).toBe(0);
    suite = await startSuiteProcess({ dataDir });
    expect(suite.adminKey).toBe(adminKey);
    const tenant = await fetch(`${suite.rest}/v1/tenants/${id}`, { headers: { authorization: `Bearer ${adminKey}` } });
    expect(await tenant.json()).toMatchObject({ id, name: 'acme' });
    const shown = await fetch(`${suite.rest}/v1/events/${eventId}`, {
      headers: { authorization: `Bearer ${adminKey}`, 'x-bellwire-tenant': id },
    });
    expect(shown.status).toBe(200);
  });

  test('says so when its data folder is in use, or a port is taken', async () => {
    await expect(startSuiteProcess({ dataDir })).rejects.toThrow(/is in use by process \d+/);
    const other = newDataDir();
    const env = { BELLWIRE_HTTP_PORT: suite.rest.split(':').at(-1) ?? '' };
    await expect(startSuiteProcess({ dataDir: other, env })).rejects.toThrow(/port/i);
    removeDataDir(other);
  });
});
