import { describe, expect, test } from '@jest/globals';
import { open, secondMs, useVirtualTime } from './testing/virtual-dispatcher.ts';

// What a burst for one endpoint does to another tenant's deliveries in the same partition.

useVirtualTime();

const burst = 'https://burst.example/hook';
const other = 'https://other.example/hook';
const stepMs = 100;

describe('beside 4,000 events at once for an endpoint that takes 200 ms', () => {
  test('another tenant of its partition waits for nothing, and the burst is not held up by that', async () => {
    const answersAfterMs = (url: string): number => (url === burst ? 200 : 1);
    const started = await open('2026-05-04T12:00:00Z', { partitions: 1, answersAfterMs });
    const { tenant, endpoint, publish, pass, sent } = started;
    await endpoint({ url: burst });
    await tenant('ten_2');
    await endpoint({ id: 'ep_2', url: other }, 'ten_2');

    const startedAtMs = Date.now();
    await publish(4000);
    const publishedAtMs: number[] = [];
    while (Date.now() < startedAtMs + 15 * secondMs) {
      publishedAtMs.push(Date.now());
      await publish(1, 'ten_2');
      await pass(2 * stepMs, stepMs);
    }

    const others = sent.filter(({ url }) => url === other);
    expect(others).toHaveLength(publishedAtMs.length);
    const waitedMs = others.map(({ atMs }, nth) => atMs - (publishedAtMs[nth] ?? 0));
    expect(Math.max(...waitedMs)).toBeLessThanOrEqual(5 * stepMs);

    const ofBurst = sent.filter(({ url }) => url === burst);
    expect(new Set(ofBurst.map(({ eventId }) => eventId)).size).toBe(4000);
    expect(ofBurst).toHaveLength(4000);
    // 64 at a time are 12.5 s.
    expect((ofBurst.at(-1)?.atMs ?? Infinity) - startedAtMs).toBeLessThan(14.5 * secondMs);
  });
});
