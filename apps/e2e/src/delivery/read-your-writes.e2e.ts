import { describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { created, createdEndpoint, newTenant } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';

let suite: Target;
let receiver: Receiver;
useTarget((running) => ({ target: suite, receiver } = running));

describe('an endpoint whose create call has returned', () => {
  test('receives the event that is published right after it, 400 times', async () => {
    const { api } = await newTenant(suite.rest, suite.adminKey);
    const published = new Map<string, string>();
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let n = next++; n < 400; n = next++) {
        const path = `/${n}`;
        const endpoint = { url: receiver.url(path), event_types: [`round.n${n}`] };
        await api.post('/v1/endpoints', endpoint, createdEndpoint);
        const { id } = await api.post('/v1/events', { type: `round.n${n}`, data: { n } }, created);
        published.set(path, id);
      }
    };
    await Promise.all([lane(), lane(), lane(), lane()]);
    await receiver.received(400, 30_000);
    const arrived = new Map(receiver.requests.map(({ path, headers }) => [path, headers['webhook-id']]));
    expect(arrived.size).toBe(400);
    expect([...published].filter(([path, id]) => arrived.get(path) !== id)).toEqual([]);
  }, 180_000);
});
