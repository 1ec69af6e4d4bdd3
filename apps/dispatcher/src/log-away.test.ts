import { describe, expect, test } from '@jest/globals';
import { open, secondMs, useVirtualTime } from './testing/virtual-dispatcher.ts';

// Deliveries wait behind a slow endpoint when nothing can be written any more.

useVirtualTime();

describe('while outcomes cannot be written', () => {
  test('soon nothing is begun, and then every delivery is sent once', async () => {
    const started = await open('2026-05-04T12:00:00Z', { partitions: 1, answersAfterMs: () => 100 });
    const { endpoint, publish, pass, sent, setAway, attempts } = started;
    await endpoint({ url: 'https://slow.example/hook', maxConcurrency: 4 });
    await publish(300);
    await pass(secondMs, 50);
    setAway(true);
    const before = sent.length;
    expect(before).toBeGreaterThan(10);
    await pass(30 * secondMs, 50);
    // 40 a second for 0.3 s, and what was under way then; 80 wait in memory.
    expect(sent.length - before).toBeGreaterThan(0);
    expect(sent.length - before).toBeLessThanOrEqual(28);
    setAway(false);
    await pass(60 * secondMs, 100);
    expect(sent).toHaveLength(300);
    expect(new Set(sent.map(({ eventId }) => eventId)).size).toBe(300);
    expect(attempts()).toHaveLength(300);
  });
});
