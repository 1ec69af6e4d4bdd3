import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { makeQuietUntil, quietUntil, type QuietRule } from './quiet-hours.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const at = (text: string): number => Date.parse(text);
const untilOf = (rule: QuietRule, text: string): string | undefined => {
  const untilMs = quietUntil(rule, at(text));
  return untilMs === undefined ? undefined : new Date(untilMs).toISOString();
};

const clockOf = (timeZone: string): ((atMs: number) => string) => {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  return (atMs) => format.format(atMs);
};

const isoDate = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

/** Minute by minute over some days, what the clocks show; quiet hours are looked up in that list. */
const referenceOf = (timeZone: string, fromMs: number, days: number) => {
  const clock = clockOf(timeZone);
  const minutes = Array.from({ length: days * 24 * 60 }, (_, index) => fromMs + index * minuteMs);
  const shown = minutes.map(clock);
  return ({ start, end }: QuietRule) =>
    Array.from({ length: days - 2 }, (_, index) => fromMs + (index + 1) * dayMs).map((dateMs) => {
      const begins = `${isoDate(dateMs)} ${start}`;
      const ends = `${isoDate(end > start ? dateMs : dateMs + dayMs)} ${end}`;
      const first = shown.findIndex((text) => text >= begins);
      const last = shown.findLastIndex((text) => text < ends);
      return { fromMs: minutes[first] ?? 0, toMs: (minutes[last] ?? 0) + minuteMs };
    });
};

/** Days around changes of the clocks, both ways. */
const changes: readonly [string, string][] = [
  ['Europe/Berlin', '2026-03-29'],
  ['Europe/Berlin', '2026-10-25'],
  ['America/New_York', '2026-03-08'],
  ['America/New_York', '2026-11-01'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['Australia/Lord_Howe', '2026-10-04'],
  ['Asia/Kolkata', '2026-06-15'],
  ['Pacific/Apia', '2011-12-30'],
];

const timesOfDay = fc
  .oneof(fc.integer({ min: 0, max: 4 * 60 }), fc.integer({ min: 0, max: 24 * 60 - 1 }))
  .map((minute) => new Date(minute * minuteMs).toISOString().slice(11, 16));

describe('quiet hours', () => {
  test.each(changes)('agree with the clocks of %s minute by minute around %s', (timeZone, date) => {
    const days = 8;
    const fromMs = at(`${date}T00:00:00Z`) - 4 * dayMs;
    const reference = referenceOf(timeZone, fromMs, days);
    fc.assert(
      fc.property(timesOfDay, timesOfDay, (start, end) => {
        fc.pre(start !== end);
        const rule = { start, end, timeZone };
        const intervals = reference(rule);
        const until = makeQuietUntil(rule);
        for (let atMs = fromMs + 3 * dayMs; atMs < fromMs + 5 * dayMs + dayMs / 2; atMs += minuteMs) {
          const present = intervals.filter((each) => each.fromMs <= atMs && atMs < each.toMs);
          const expected = present.length === 0 ? undefined : Math.max(...present.map(({ toMs }) => toMs));
          if (until(atMs) !== expected)
            expect([rule, new Date(atMs), until(atMs)]).toEqual([rule, new Date(atMs), expected]);
        }
        expect(intervals).toHaveLength(days - 2);
      }),
      { numRuns: 25 },
    );
  });

  test('last over midnight up to their end, which is not quiet any more', () => {
    const rule = { start: '22:00', end: '06:30', timeZone: 'Europe/Berlin' };
    expect(untilOf(rule, '2026-01-10T20:59:59.999Z')).toBeUndefined();
    expect(untilOf(rule, '2026-01-10T21:00:00Z')).toBe('2026-01-11T05:30:00.000Z');
    expect(untilOf(rule, '2026-01-11T05:29:59.999Z')).toBe('2026-01-11T05:30:00.000Z');
    expect(untilOf(rule, '2026-01-11T05:30:00Z')).toBeUndefined();
  });

  test('begin or end at the jump where the clocks skip their time', () => {
    const berlin = { timeZone: 'Europe/Berlin' };
    expect(untilOf({ start: '22:00', end: '02:30', ...berlin }, '2026-03-29T00:59:00Z')).toBe(
      '2026-03-29T01:00:00.000Z',
    );
    expect(untilOf({ start: '02:30', end: '06:00', ...berlin }, '2026-03-29T00:59:00Z')).toBeUndefined();
    expect(untilOf({ start: '02:30', end: '06:00', ...berlin }, '2026-03-29T01:00:00Z')).toBe(
      '2026-03-29T04:00:00.000Z',
    );
    expect(untilOf({ start: '02:10', end: '02:50', ...berlin }, '2026-03-29T01:00:00Z')).toBeUndefined();
  });

  test('last from the first begin to the last end where the clocks repeat an hour', () => {
    const berlin = { timeZone: 'Europe/Berlin' };
    expect(untilOf({ start: '22:00', end: '02:30', ...berlin }, '2026-10-25T00:45:00Z')).toBe(
      '2026-10-25T01:30:00.000Z',
    );
    expect(untilOf({ start: '02:30', end: '06:00', ...berlin }, '2026-10-25T00:30:00Z')).toBe(
      '2026-10-25T05:00:00.000Z',
    );
    expect(untilOf({ start: '22:00', end: '02:00', ...berlin }, '2026-10-25T00:00:00Z')).toBeUndefined();
  });

  test('answer the same whatever was asked before', () => {
    const moments = fc.array(fc.integer({ min: at('2026-10-20T00:00:00Z'), max: at('2026-10-28T00:00:00Z') }));
    fc.assert(
      fc.property(moments, timesOfDay, timesOfDay, (asked, start, end) => {
        const rule = { start, end, timeZone: 'Europe/Berlin' };
        const remembering = makeQuietUntil(rule);
        expect(asked.map((atMs) => remembering(atMs))).toEqual(asked.map((atMs) => quietUntil(rule, atMs)));
      }),
    );
  });
});
