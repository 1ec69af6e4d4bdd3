import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startReceiver, type Receiver } from '@bellwire/testing';
import { apiOf, created, createdEndpoint, newTenant } from '../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';

const dataDir = newDataDir();
let target: Target;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  target = await startTarget({ dataDir });
});

afterAll(async () => {
  await target.kill('SIGTERM');
  await receiver.close();
  removeDataDir(dataDir);
});

/** Event ids by the path that they came to. */
const arrived = (path: string): (string | string[] | undefined)[] =>
  receiver.requests.filter((request) => request.path === path).map(({ headers }) => headers['webhook-id']);

describe('an idempotency key whose event was delivered before a clean restart of everything', () => {
  test('is answered, delivered no second time, and never to an endpoint made in between', async () => {
    const { key, api } = await newTenant(target.rest, target.adminKey);
    await api.post('/v1/endpoints', { url: receiver.url('/first') }, createdEndpoint);
    const order = { ordering_key: 'one-partition' };
    const body = { type: 'order.paid', data: { n: 1 }, idempotency_key: 'order-1', ...order };
    const { id } = await api.post('/v1/events', body, created);
    await receiver.received((requests) => requests.length === 1);

    expect(await target.kill('SIGTERM')).toBe(0);
    target = await startTarget({ dataDir });
    const again = apiOf(target.rest, key);
    await again.post('/v1/endpoints', { url: receiver.url('/later') }, createdEndpoint);
    expect(await again.post('/v1/events', body, created)).toEqual({ id });
    const other = await again.raw('POST', '/v1/events', { ...body, data: { n: 2 } });
    expect(other.json).toMatchObject({ status: 409, reason: 'IDEMPOTENCY_KEY_REUSED' });

    // A sentinel behind it: when this one has arrived, a second delivery of the first would have, too.
    const sentinel = await again.post('/v1/events', { type: 'order.sentinel', data: {}, ...order }, created);
    await receiver.received(() => [arrived('/first'), arrived('/later')].every((ids) => ids.includes(sentinel.id)));
    expect({ first: arrived('/first'), later: arrived('/later') }).toEqual({
      first: [id, sentinel.id],
      later: [sentinel.id],
    });
  }, 120_000);
});
