import { describe, expect, test } from '@jest/globals';
import { minuteMs, open, secondMs, useVirtualTime } from './testing/virtual-dispatcher.ts';

// What a clock on the wall that is set does to retries which wait in the tiers.

useVirtualTime();

const startAt = '2026-05-04T12:00:00.123Z';
/** Of the dialect contribux: the first waits of its schedule. */
const waitsMs = [5 * secondMs, 5 * minuteMs];

/** Publishes one event to a receiver that always fails, and sets the clock in the middle of one of the waits. */
const openFailing = async (stepMs: number, duringWait: number) => {
  const { endpoint, publish, pass, sent, answerWith, setClock } = await open(startAt, { dialect: 'contribux' });
  answerWith(503);
  await endpoint({});
  await publish(1);
  await pass(500, 50);
  /** How many requests there were before the retry was due, and how many a moment later. */
  const aroundRetry = async (index: number): Promise<[number, number]> => {
    const waitMs = waitsMs[index] ?? NaN;
    const dueMs = (sent[index]?.runMs ?? NaN) + waitMs;
    await pass(waitMs / 2, minuteMs);
    if (index === duringWait) setClock(stepMs);
    await pass(dueMs - 1 - performance.now(), minuteMs);
    const before = sent.length;
    await pass(secondMs, 50);
    return [before, sent.length];
  };
  return { aroundRetry };
};

const steps: [string, number][] = [
  ['10 minutes back', -10 * minuteMs],
  ['10 minutes forward', 10 * minuteMs],
  ['an hour back', -60 * minuteMs],
  ['30 days forward', 30 * 24 * 60 * minuteMs],
];

describe.each(steps)('a clock that is set %s', (_name, stepMs) => {
  test.each([0, 1])('moves no retry that waits in a tier, in wait %i', async (duringWait) => {
    const { aroundRetry } = await openFailing(stepMs, duringWait);
    for (const index of waitsMs.keys()) expect(await aroundRetry(index)).toEqual([index + 1, index + 2]);
  });
});

/** Another process keeps the tiers. */
describe.each([
  ['a minute ahead of', minuteMs],
  ['half a second ahead of', secondMs / 2],
  ['a minute behind', -minuteMs],
])('a clock of the tiers that is %s the deliverer', (_name, tiersAheadMs) => {
  test('makes a delivery that waits for its slot neither early nor late, and sends it to and fro a few times at most', async () => {
    const { endpoint, publish, pass, sent, waits } = await open(startAt, { tiersAheadMs });
    await endpoint({ rateLimit: { limit: 1, periodSeconds: 10 } });
    await publish(4);
    await pass(45 * secondMs, 50);
    const startedAtMs = sent.map(({ runMs }) => runMs);
    expect(startedAtMs).toHaveLength(4);
    const betweenMs = startedAtMs.slice(1).map((ms, at) => ms - (startedAtMs[at] ?? NaN));
    for (const ms of betweenMs) {
      expect(ms).toBeGreaterThanOrEqual(10 * secondMs);
      expect(ms).toBeLessThan(12 * secondMs);
    }
    expect(waits()).toBeLessThan(30);
  });
});
