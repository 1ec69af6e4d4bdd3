import { describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { created, createdEndpoint, newTenant } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';

let suite: Target;
let receiver: Receiver;
useTarget((running) => ({ target: suite, receiver } = running));

describe('an idempotency key', () => {
  test('with the same body is the same event, delivered once; with another body it is refused', async () => {
    const { api } = await newTenant(suite.rest, suite.adminKey);
    await api.post('/v1/endpoints', { url: receiver.url('/once') }, createdEndpoint);
    const ordered = { ordering_key: 'one-partition' };
    const body = { type: 'order.paid', data: { n: 1 }, idempotency_key: 'order-1', ...ordered };
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.post('/v1/events', body, created)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    const other = await api.raw('POST', '/v1/events', { ...body, data: { n: 2 } });
    expect(other.status).toBe(409);
    expect(other.json).toMatchObject({ reason: 'IDEMPOTENCY_KEY_REUSED' });
    // A sentinel behind it: when this one has arrived, a second delivery of the first would have, too.
    const sentinel = await api.post('/v1/events', { type: 'order.sentinel', data: {}, ...ordered }, created);
    const awaited = [sentinel.id, answers[0]?.id];
    await receiver.received((requests) =>
      awaited.every((id) => requests.some(({ headers }) => headers['webhook-id'] === id)),
    );
    const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(ids.filter((id) => id === answers[0]?.id)).toHaveLength(1);
  });
});

describe('a bad event', () => {
  test.each([
    ['no type', { data: {} }, 'type'],
    ['a type that is no dotted name', { type: 'order paid', data: {} }, 'type'],
    ['no data', { type: 'order.paid' }, 'data'],
    ['an unknown field', { type: 'order.paid', data: {}, colour: 'red' }, 'colour'],
    ['a key that is too long', { type: 'order.paid', data: {}, idempotency_key: 'k'.repeat(256) }, 'idempotency_key'],
  ])('with %s is refused with the field and the rule', async (_what, body, path) => {
    const { api } = await newTenant(suite.rest, suite.adminKey);
    const { status, json } = await api.raw('POST', '/v1/events', body);
    expect(status).toBe(400);
    expect(json).toMatchObject({ title: expect.any(String), detail: expect.any(String), reason: expect.any(String) });
    expect(JSON.stringify(json)).toContain(`"path":"${path}"`);
  });

  test('with data over 256 KiB is refused with the limit', async () => {
    const { api } = await newTenant(suite.rest, suite.adminKey);
    const tooLarge = { type: 'order.paid', data: { text: 'x'.repeat(262_144) } };
    const { status, json } = await api.raw('POST', '/v1/events', tooLarge);
    expect(status).toBe(413);
    expect(json).toMatchObject({ reason: 'PAYLOAD_TOO_LARGE', detail: expect.stringContaining('262144') });
  });

  test('of an archived type, or of an unknown one where the tenant is strict, is refused', async () => {
    const { api } = await newTenant(suite.rest, suite.adminKey);
    await api.post('/v1/event-types', { name: 'order.old' }, created.partial());
    await api.post('/v1/event-types/order.old/archive', {}, created.partial());
    const archived = await api.raw('POST', '/v1/events', { type: 'order.old', data: {} });
    expect(archived.json).toMatchObject({ status: 400, reason: 'ARCHIVED_EVENT_TYPE' });
  });
});
