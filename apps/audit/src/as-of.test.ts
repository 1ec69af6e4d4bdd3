import { describe, expect, test } from '@jest/globals';
import { Fault } from '@bellwire/errors';
import { makeAsOf, produceMarginMs } from './as-of.ts';
import { progressKey, type Progress } from './store/progress.ts';

const nowMs = 1_000_000;
const retentionMs = 900_000;
const setUp = (ends: Record<string, readonly number[]>, recorded: Record<string, Progress>) => {
  const state = { ends, nowMs, isUp: true };
  const asOf = makeAsOf({
    eventLog: {
      endOffsets: async (topic) => {
        if (!state.isUp) throw new Fault('LOG_UNAVAILABLE', 'The log cannot be reached.');
        return state.ends[topic] ?? [];
      },
    },
    readProgress: async () => new Map(Object.entries(recorded)),
    clock: { now: () => state.nowMs },
    retentionMs,
    maxAgeMs: 0,
  });
  return { state, asOf };
};
const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('as_of', () => {
  test('is now, less the time of a produce, where everything is recorded or nothing was ever there', async () => {
    const { asOf } = setUp(
      { events: [3, 0], audit: [1] },
      {
        [progressKey('events', 0)]: { nextOffset: 3, recordedUntilMs: 5 },
        [progressKey('audit', 0)]: { nextOffset: 1, recordedUntilMs: 5 },
      },
    );
    expect(await asOf()).toEqual({ eventsMs: nowMs - produceMarginMs, historyMs: nowMs - produceMarginMs });
  });

  test('is the last record of the partition that is furthest behind', async () => {
    const { asOf } = setUp(
      { events: [3, 9], audit: [7] },
      {
        [progressKey('events', 0)]: { nextOffset: 2, recordedUntilMs: 600_000 },
        [progressKey('events', 1)]: { nextOffset: 1, recordedUntilMs: 500_000 },
        [progressKey('audit', 0)]: { nextOffset: 1, recordedUntilMs: 400_000 },
      },
    );
    expect(await asOf()).toEqual({ eventsMs: 500_000 - produceMarginMs, historyMs: 400_000 - produceMarginMs });
  });

  test('is the beginning of the retention where a partition has records and none is recorded', async () => {
    const { asOf } = setUp({ events: [0], audit: [7] }, {});
    expect(await asOf()).toEqual({ eventsMs: nowMs - produceMarginMs, historyMs: nowMs - retentionMs });
  });

  test('is so, too, where the log could never be reached', async () => {
    const { asOf, state } = setUp({}, {});
    state.isUp = false;
    expect(await asOf()).toEqual({ eventsMs: nowMs - retentionMs, historyMs: nowMs - retentionMs });
  });

  test('does not go back when a record comes to a partition that had none for long', async () => {
    const { asOf, state } = setUp(
      { events: [3], audit: [0] },
      { [progressKey('events', 0)]: { nextOffset: 3, recordedUntilMs: 200_000 } },
    );
    const before = await asOf();
    await tick();
    Object.assign(state, { ends: { events: [4], audit: [1] }, nowMs: nowMs + 100 });
    expect(await asOf()).toEqual(before);
  });

  test('does not go back with the clock', async () => {
    const { asOf, state } = setUp({}, {});
    const before = await asOf();
    await tick();
    state.nowMs = nowMs - 60_000;
    expect(await asOf()).toEqual(before);
  });

  test('goes back with a clock that was wrong by much: what it told was of a time that is to come', async () => {
    const { asOf, state } = setUp({}, {});
    await asOf();
    await tick();
    state.nowMs = nowMs - 10 * 60_000;
    const latestMs = state.nowMs - produceMarginMs;
    expect(await asOf()).toEqual({ eventsMs: latestMs, historyMs: latestMs });
  });

  test('stays what it was while the log cannot be reached', async () => {
    const { asOf, state } = setUp({}, {});
    const before = await asOf();
    await tick();
    Object.assign(state, { isUp: false, nowMs: nowMs + 60_000 });
    expect(await asOf()).toEqual(before);
  });
});
