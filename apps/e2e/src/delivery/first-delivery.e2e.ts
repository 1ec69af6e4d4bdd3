import { describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { Webhook } from 'standardwebhooks';
import { created, createdEndpoint, delivery, event, newTenant, until } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';

let suite: Target;
let receiver: Receiver;
useTarget((running) => ({ target: suite, receiver } = running));

describe('Bellwire', () => {
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
});
