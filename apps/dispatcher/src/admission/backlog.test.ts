import { describe, expect, test } from '@jest/globals';
import { simulateBacklog, type Trouble } from '../testing/simulated-backlog.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;

/** The longest time between two arrivals, while more than a hundredth is still to come. */
const longestStall = (arrivedAtMs: readonly number[]): number => {
  const counting = arrivedAtMs.slice(0, Math.ceil(arrivedAtMs.length * 0.99));
  return counting.reduce((longest, atMs, nth) => Math.max(longest, atMs - (counting[nth - 1] ?? atMs)), 0);
};

const base: Trouble = {
  events: 10_000,
  overMs: 2 * minuteMs,
  downMs: 2 * minuteMs,
  failsAfterMs: 1,
  answersAfterMs: () => 50,
  maxConcurrency: 20,
};

describe('a backlog of 10,000 drains without a stall, with no more requests at once than the endpoint may have', () => {
  test.each<[string, Partial<Trouble>, drainedMs: number]>([
    ['after two minutes in which it refused connections', {}, 5 * minuteMs],
    ['where it is slow afterwards', { answersAfterMs: (nth) => 200 + (nth % 7) * 30 }, 8 * minuteMs],
    ['where all were published within five seconds', { overMs: 5 * secondMs }, 5 * minuteMs],
    ['after two minutes in which requests took half a minute', { failsAfterMs: 30 * secondMs }, 9 * minuteMs],
    ['where it was never down, but takes half of what comes', { downMs: 0, answersAfterMs: () => 480 }, 6 * minuteMs],
  ])('%s', async (_when, given, drainedMs) => {
    const seen = await simulateBacklog({ ...base, ...given }, 12 * minuteMs);
    expect(seen.arrivedAtMs).toHaveLength(base.events);
    expect(seen.mostAtOnce).toBeLessThanOrEqual(base.maxConcurrency);
    expect(longestStall(seen.arrivedAtMs)).toBeLessThan(5 * secondMs);
    expect(seen.arrivedAtMs.at(-1)).toBeLessThan(drainedMs);
    expect(seen.recordsPerDelivery).toBeLessThan(15);
  });
});
