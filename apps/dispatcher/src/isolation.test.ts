import { describe, expect, test } from '@jest/globals';
import { minuteMs, open, secondMs, useVirtualTime } from './testing/virtual-dispatcher.ts';

// What a rate limit, quiet hours and edits do to a backlog.

useVirtualTime();

/** The most requests that start within one window, wherever it begins. */
const mostWithin = (timesMs: readonly number[], windowMs: number): number =>
  Math.max(...timesMs.map((from) => timesMs.filter((atMs) => atMs >= from && atMs < from + windowMs).length));

const sixtyAMinute = { rateLimit: { limit: 60, periodSeconds: 60 } };

describe('an endpoint that takes 60 in 60 s, and 200 events at once', () => {
  test('gets 60 at once and the others at that rate, each with one attempt', async () => {
    const { endpoint, publish, pass, sent, attempts } = await open('2026-05-04T12:00:00Z');
    await endpoint(sixtyAMinute);
    await publish(200);
    const startedAtMs = Date.now();
    await pass(4 * minuteMs);
    const times = sent.map(({ atMs }) => atMs);
    expect(times).toHaveLength(200);
    expect((times[59] ?? Infinity) - startedAtMs).toBeLessThanOrEqual(3 * secondMs);
    expect(mostWithin(times, 61 * secondMs)).toBe(60);
    // Three more windows of a period and a second, and a moment for each.
    expect((times.at(-1) ?? Infinity) - startedAtMs).toBeLessThanOrEqual(3 * 63 * secondMs);
    expect(new Set(sent.map(({ eventId }) => eventId)).size).toBe(200);
    expect(attempts().map(({ number }) => number)).toEqual(Array.from({ length: 200 }, () => 1));
  });

  test('gets nothing of the rest while it is disabled, and all of it once it is enabled', async () => {
    const { endpoint, publish, pass, sent, attempts } = await open('2026-05-04T12:00:00Z');
    await endpoint(sixtyAMinute);
    await publish(200);
    await pass(10 * secondMs);
    await endpoint({ ...sixtyAMinute, enabled: false });
    await pass(5 * minuteMs);
    expect(sent).toHaveLength(60);
    await endpoint(sixtyAMinute);
    await pass(15 * minuteMs);
    expect(new Set(sent.map(({ eventId }) => eventId)).size).toBe(200);
    expect(
      mostWithin(
        sent.map(({ atMs }) => atMs),
        61 * secondMs,
      ),
    ).toBeLessThanOrEqual(60);
    expect(attempts().map(({ number }) => number)).toEqual(Array.from({ length: 200 }, () => 1));
  });

  test('is owed nothing of the rest once it is deleted, and each delivery says so', async () => {
    const { endpoint, remove, publish, pass, sent, said } = await open('2026-05-04T12:00:00Z');
    await endpoint(sixtyAMinute);
    await publish(200);
    await pass(10 * secondMs);
    await remove();
    await pass(5 * minuteMs);
    expect(sent).toHaveLength(60);
    const cancelled = said('cancelled');
    expect(new Set(cancelled.map(({ deliveryId }) => deliveryId)).size).toBe(140);
    expect(new Set(cancelled.map(({ reason }) => reason))).toEqual(new Set(['endpoint_deleted']));
  });
});

describe('quiet hours', () => {
  const berlin = (start: string, end: string, mode: 'hold' | 'skip') => ({
    quietHours: { start, end, timeZone: 'Europe/Berlin', mode },
  });

  test.each([
    ['over midnight', '23:30', '00:30', '2026-05-04T21:31:00Z', '2026-05-04T22:30:00Z'],
    ['over the hour that summer time skips', '01:30', '03:30', '2026-03-29T00:31:00Z', '2026-03-29T01:30:00Z'],
    ['over the hour that winter time repeats', '01:30', '02:30', '2026-10-24T23:31:00Z', '2026-10-25T01:30:00Z'],
  ])('hold what is published in them until they end, %s', async (_when, start, end, publishedAt, endsAt) => {
    const { endpoint, publish, pass, sent, said } = await open(publishedAt);
    await endpoint(berlin(start, end, 'hold'));
    await publish(3);
    const endsAtMs = Date.parse(endsAt);
    await pass(endsAtMs - Date.now() - secondMs, secondMs);
    expect(sent).toEqual([]);
    await pass(5 * secondMs);
    expect(sent).toHaveLength(3);
    for (const { atMs } of sent) expect(atMs).toBeGreaterThanOrEqual(endsAtMs);
    expect(said('held').map(({ reason }) => reason)).toEqual(['quiet_hours', 'quiet_hours', 'quiet_hours']);
  });

  test('skip what is published in them where they say so, and nothing after them', async () => {
    const { endpoint, publish, pass, sent, said } = await open('2026-05-04T21:31:00Z');
    await endpoint(berlin('23:30', '00:30', 'skip'));
    await publish(2);
    await pass(minuteMs);
    expect(said('skipped').map(({ reason }) => reason)).toEqual(['quiet_hours', 'quiet_hours']);
    await pass(59 * minuteMs, secondMs);
    expect(sent).toEqual([]);
    await publish(1);
    await pass(5 * secondMs);
    expect(sent).toHaveLength(1);
  });

  test('hold a retry of what was begun before them, even where they skip', async () => {
    const { endpoint, publish, pass, sent, answerWith } = await open('2026-05-04T21:29:30Z');
    answerWith(500);
    await endpoint({
      ...berlin('23:30', '00:30', 'skip'),
      retry: { scheduleSeconds: [60], retryOn: 'RETRY_ON_ANY_FAILURE' },
    });
    await publish(1);
    await pass(5 * secondMs);
    expect(sent).toHaveLength(1);
    answerWith(200);
    await pass(60 * minuteMs, secondMs);
    expect(sent).toHaveLength(1);
    await pass(minuteMs, secondMs);
    expect(sent).toHaveLength(2);
    expect(sent[1]?.atMs).toBeGreaterThanOrEqual(Date.parse('2026-05-04T22:30:00Z'));
  });
});
