import { describe, expect, test } from '@jest/globals';
import { fromProto } from '@bellwire/contracts';
import { minuteMs, open, secondMs, useVirtualTime } from './testing/virtual-dispatcher.ts';

// The schedules of the five documents, to the millisecond.

useVirtualTime();

const publishedAt = '2026-05-04T12:00:00.123Z';
/** Long enough for the first attempt, and shorter than any wait. */
const momentMs = 500;

describe('a receiver that always fails', () => {
  test.each([
    ['roleready', [1, 5, 15]],
    ['aifai', [1, 2, 3]],
    ['hub', [5, 25, 125]],
    ['notely', [2, 4, 8]],
    ['contribux', [5, 5 * 60, 30 * 60, 2 * 60 * 60]],
  ])('is tried again by the schedule of %s, never early and less than a second late', async (dialect, waits) => {
    const { endpoint, publish, pass, sent, attempts, answerWith } = await open(publishedAt, { dialect });
    answerWith(503);
    await endpoint({});
    await publish(1);
    await pass(momentMs, 50);
    for (const [index, seconds] of waits.entries()) {
      expect(sent).toHaveLength(index + 1);
      const dueAtMs = (sent[index]?.atMs ?? NaN) + seconds * secondMs;
      await pass(dueAtMs - 1 - Date.now());
      expect(sent).toHaveLength(index + 1);
      await pass(secondMs, 50);
      expect(sent[index + 1]?.atMs).toBeGreaterThanOrEqual(dueAtMs);
      expect(sent[index + 1]?.atMs).toBeLessThan(dueAtMs + secondMs);
    }

    const made = attempts().toSorted((a, b) => a.number - b.number);
    expect(made.map(({ status }) => fromProto.status(status))).toEqual([
      ...waits.map(() => 'retrying'),
      'dead_lettered',
    ]);
    expect(made.at(-1)).toMatchObject({ number: waits.length + 1, reason: 'attempts_exhausted' });
    await pass(minuteMs);
    expect(sent).toHaveLength(waits.length + 1);
  });
});
