import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  emptyRateWindow,
  giveBack,
  rateWindowFor,
  rateWindowFromRecord,
  rateWindowToRecord,
  reserve,
  startReserved,
  tryCount,
  type RateRule,
  type RateWindow,
} from './rate-window.ts';

const spanMsOf = ({ periodSeconds }: RateRule): number => (periodSeconds + 1.5) * 1000;

const dayMs = 24 * 3_600_000;

interface Coming {
  atMs: number;
  slotMs?: number;
}

interface Run {
  rule: RateRule;
  arrivals: readonly number[];
  /** How much later than its slot a request comes back; a negative one makes it ask early. */
  lateMs: () => number;
  /** Changes the window before an event, as a restart or an edit does. */
  between?: (window: RateWindow, nowMs: number) => RateWindow;
}

/** Runs arrivals to the end; answers when each request started, in order. */
const startsOf = ({ rule, arrivals, lateMs, between = (window) => window }: Run): number[] => {
  const coming: Coming[] = arrivals.map((atMs) => ({ atMs })).toSorted((a, b) => a.atMs - b.atMs);
  const starts: number[] = [];
  let window = emptyRateWindow(rule);
  let rounds = 0;
  for (let next = coming.shift(); next !== undefined; next = coming.shift()) {
    if (++rounds > 200 * arrivals.length) throw new Error('the requests never get through');
    const { atMs: nowMs, slotMs } = next;
    window = between(window, nowMs);
    const slot = slotMs === undefined ? reserve(window, nowMs) : startReserved(window, slotMs, nowMs);
    window = slot.window;
    if (slot.startAtMs === nowMs) {
      starts.push(nowMs);
      continue;
    }
    // One that asked before its time comes in time or late after that.
    const late = slot.startAtMs === slotMs ? Math.abs(lateMs()) : lateMs();
    const again = { atMs: Math.max(nowMs + 1, slot.startAtMs + late), slotMs: slot.startAtMs };
    const place = coming.findIndex((each) => each.atMs > again.atMs);
    coming.splice(place === -1 ? coming.length : place, 0, again);
  }
  return starts;
};

/** The shortest time between a start and the one `limit` starts later. */
const tightest = (starts: readonly number[], limit: number): number =>
  Math.min(...starts.slice(limit).map((atMs, index) => atMs - (starts[index] ?? 0)));

/** An exact sliding log that starts each one as soon as it may. */
const idealStarts = (arrivals: readonly number[], limit: number, spanMs: number): number[] =>
  arrivals.reduce<number[]>((starts, atMs) => {
    const freedAtMs = (starts[starts.length - limit] ?? Number.NEGATIVE_INFINITY) + spanMs;
    return [...starts, Math.max(atMs, freedAtMs)];
  }, []);

const at0 = 1_700_000_000_123;
const rules = fc.record({ limit: fc.integer({ min: 1, max: 12 }), periodSeconds: fc.constantFrom(1, 2, 60, 3600) });

/** Arrivals in bursts and single, over some spans of the rule. */
const arrivalsOf = (rule: RateRule, most: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: spanMsOf(rule) })), {
      minLength: 1,
      maxLength: most,
    })
    .map((gaps) => gaps.map((_, index) => gaps.slice(0, index + 1).reduce((sum, gap) => sum + gap, at0)));

const withArrivals = (most: number) =>
  rules.chain((rule) => fc.record({ rule: fc.constant(rule), arrivals: arrivalsOf(rule, most) }));

/** Turns a list of shares of the span into an endless one. */
const cycling = (shares: readonly number[], rule: RateRule): (() => number) => {
  let index = 0;
  return () => Math.round((shares[index++ % shares.length] ?? 0) * spanMsOf(rule));
};

const shares = (min: number, max: number) =>
  fc.array(fc.double({ min, max, noNaN: true }), { minLength: 1, maxLength: 20 });

describe('a rate window', () => {
  test('never holds more starts than its limit, however late or early its requests come back', () => {
    fc.assert(
      fc.property(withArrivals(80), shares(-1.5, 2.5), ({ rule, arrivals }, lateness) => {
        const starts = startsOf({ rule, arrivals, lateMs: cycling(lateness, rule) });
        expect(starts).toHaveLength(arrivals.length);
        expect(tightest(starts, rule.limit)).toBeGreaterThan(spanMsOf(rule));
      }),
      { numRuns: 300 },
    );
  });

  test('never holds more starts than its limit across restarts', () => {
    fc.assert(
      fc.property(withArrivals(60), shares(0, 1), fc.integer({ min: 2, max: 9 }), ({ rule, arrivals }, late, every) => {
        let count = 0;
        const restarted = (window: RateWindow, nowMs: number): RateWindow => {
          const record = ++count % every === 0 ? rateWindowToRecord(window, nowMs) : undefined;
          return record === undefined ? window : rateWindowFromRecord(record, rule, nowMs);
        };
        const starts = startsOf({ rule, arrivals, lateMs: cycling(late, rule), between: restarted });
        expect(starts).toHaveLength(arrivals.length);
        expect(tightest(starts, rule.limit)).toBeGreaterThan(spanMsOf(rule));
      }),
    );
  });

  test('keeps a changed rule from the moment of the edit', () => {
    fc.assert(
      fc.property(withArrivals(60), rules, shares(-0.5, 1), fc.nat(60), ({ rule, arrivals }, edited, late, after) => {
        let count = 0;
        let editedAtMs = Number.POSITIVE_INFINITY;
        const edit = (window: RateWindow, nowMs: number): RateWindow => {
          if (++count === after) editedAtMs = nowMs;
          return nowMs < editedAtMs ? window : rateWindowFor(window, edited, nowMs);
        };
        const starts = startsOf({ rule, arrivals, lateMs: cycling(late, edited), between: edit });
        const known = starts.filter((atMs) => atMs > editedAtMs - spanMsOf(rule));
        known.forEach((atMs, index) => {
          const earlier = known[index - edited.limit];
          if (atMs > editedAtMs && earlier !== undefined) expect(atMs - earlier).toBeGreaterThan(spanMsOf(edited));
        });
      }),
    );
  });

  test('starts each request within a hundredth of an exact log when its requests come back in time', () => {
    fc.assert(
      fc.property(withArrivals(80), ({ rule, arrivals }) => {
        fc.pre(arrivals.length <= 10 * rule.limit);
        const starts = startsOf({ rule, arrivals, lateMs: () => 0 });
        const ideal = idealStarts(arrivals, rule.limit, spanMsOf(rule) * 1.01);
        starts.forEach((atMs, index) => expect(atMs).toBeLessThanOrEqual(ideal[index] ?? 0));
      }),
      { numRuns: 300 },
    );
  });

  test('lets a backlog of any length through at the pace of the rule, and of how late it comes back', () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: 300 }), shares(0, 0.5), (rule, size, late) => {
        const starts = startsOf({ rule, arrivals: Array<number>(size).fill(at0), lateMs: cycling(late, rule) });
        const spans = Math.ceil(size / rule.limit);
        const lastMs = (starts.at(-1) ?? 0) - at0;
        expect(lastMs).toBeLessThanOrEqual(spans * spanMsOf(rule) * (1.02 + Math.max(...late)));
      }),
      { numRuns: 60 },
    );
  });

  test('starts a burst up to the limit at once and reserves the next free slot for what exceeds', () => {
    let window = emptyRateWindow({ limit: 2, periodSeconds: 1 });
    const answers = Array.from({ length: 5 }, () => {
      const slot = reserve(window, 10_000);
      window = slot.window;
      return slot.startAtMs;
    });
    expect(answers).toEqual([10_000, 10_000, 12_525, 12_525, 15_050]);
  });

  test('gives the place of a request that was not made to the next one', () => {
    const rule = { limit: 1, periodSeconds: 1 };
    const first = reserve(emptyRateWindow(rule), 10_000);
    const second = reserve(first.window, 10_000);
    const third = reserve(giveBack(second.window, second.startAtMs, 'reserved'), 10_005);
    expect(third.startAtMs).toBe(second.startAtMs);
    expect(reserve(giveBack(first.window, first.startAtMs, 'started'), 10_005).startAtMs).toBe(10_005);
  });

  test('lets nobody who comes new overtake one that waits', () => {
    const rule = { limit: 1, periodSeconds: 1 };
    const first = reserve(emptyRateWindow(rule), 10_000);
    const waiting = reserve(first.window, 10_001);
    const late = reserve(waiting.window, waiting.startAtMs);
    expect(late.startAtMs).toBeGreaterThan(waiting.startAtMs);
    expect(startReserved(late.window, waiting.startAtMs, waiting.startAtMs + 300).startAtMs).toBe(12_825);
  });

  test('puts one who comes new behind those who wait beyond the horizon', () => {
    let window = emptyRateWindow({ limit: 1, periodSeconds: 1 });
    const slots = Array.from({ length: 15 }, () => {
      const slot = reserve(window, 10_000);
      window = slot.window;
      return slot.startAtMs;
    });
    expect(reserve(window, 14_000).startAtMs).toBeGreaterThanOrEqual((slots.at(-1) ?? 0) + 2000);
  });

  test('leaves the place of a start that was given back to those who wait', () => {
    const first = reserve(emptyRateWindow({ limit: 1, periodSeconds: 1 }), 10_000);
    const waiting = reserve(first.window, 10_001);
    const freed = giveBack(waiting.window, first.startAtMs, 'started');
    const late = reserve(freed, 10_500);
    expect(late.startAtMs).toBeGreaterThan(waiting.startAtMs);
    expect(startReserved(late.window, waiting.startAtMs, 10_600).startAtMs).toBe(10_600);
  });

  test('moves a request whose place a late one took only by as much as that was late', () => {
    let { window } = reserve(emptyRateWindow({ limit: 1, periodSeconds: 1 }), 10_000);
    const slots = [0, 1, 2].map(() => {
      const slot = reserve(window, 10_000);
      window = slot.window;
      return slot.startAtMs;
    });
    expect(slots).toEqual([12_525, 15_050, 17_575]);
    const late = startReserved(window, 12_525, 12_825);
    expect(startReserved(late.window, 15_050, 15_050).startAtMs).toBe(15_350);
  });

  test('keeps the slot of a request that asks before its time, unless the rule was loosened', () => {
    const rule = { limit: 1, periodSeconds: 60 };
    const slot = reserve(reserve(emptyRateWindow(rule), 100_000).window, 100_000);
    expect(startReserved(slot.window, slot.startAtMs, 130_000)).toEqual(slot);
    const loosened = rateWindowFor(slot.window, { limit: 5, periodSeconds: 60 }, 130_000);
    expect(startReserved(loosened, slot.startAtMs, 130_000).startAtMs).toBe(130_000);
  });

  test('holds a bounded state for an endless backlog', () => {
    const rule = { limit: 7, periodSeconds: 1 };
    let window = emptyRateWindow(rule);
    const slots = Array.from({ length: 2000 }, (_, index) => {
      const slot = reserve(window, 10_000 + index);
      window = slot.window;
      return slot.startAtMs;
    });
    expect(window.buckets.length).toBeLessThan(1200);
    expect(slots.at(-1)).toBeGreaterThan(10_000 + (2000 / 7) * 2500 * 0.99);
    expect(slots.at(-1)).toBeLessThan(10_000 + (2000 / 7 + 2) * 2500 * 1.02);
  });

  test('counts an hourly limit without reserving', () => {
    const rule = { limit: 2, periodSeconds: 3600 };
    const first = tryCount(emptyRateWindow(rule), 5000);
    const second = tryCount(first.window, 6000);
    const third = tryCount(second.window, 7000);
    expect([first.isAdmitted, second.isAdmitted, third.isAdmitted]).toEqual([true, true, false]);
    expect(third.window).toBe(second.window);
    expect(tryCount(third.window, 5000 + 3_640_000).isAdmitted).toBe(true);
  });

  test('has no record when nothing is counted any more', () => {
    const { window } = reserve(emptyRateWindow({ limit: 1, periodSeconds: 1 }), 10_000);
    expect(rateWindowToRecord(window, 10_500)).toEqual({ bucketMs: 25, buckets: [400], counts: [1] });
    expect(rateWindowToRecord(window, 12_525)).toBeUndefined();
  });
});

describe('a clock that is set back', () => {
  const rule = { limit: 2, periodSeconds: 60 };
  const beforeMs = 30 * dayMs;
  const spanMs = spanMsOf(rule);

  const full = (): { window: RateWindow; slotMs: number } => {
    const first = reserve(emptyRateWindow(rule), beforeMs);
    const second = reserve(first.window, beforeMs);
    const third = reserve(second.window, beforeMs);
    expect(third.startAtMs).toBeGreaterThan(beforeMs);
    return { window: third.window, slotMs: third.startAtMs };
  };

  test.each([10 * 60_000, 3_600_000, 29 * dayMs])('by %d ms keeps nobody waiting for longer than a span', (backMs) => {
    const nowMs = beforeMs - backMs;
    const { window, slotMs } = full();
    const fresh = reserve(window, nowMs);
    expect(fresh.startAtMs - nowMs).toBeLessThanOrEqual(1.02 * spanMs);
    // One comes back with its slot, at the time that it was told and as often as it is told another.
    let atMs = slotMs - backMs;
    let slot = startReserved(window, atMs, atMs);
    for (let turns = 0; slot.startAtMs > atMs && turns < 200; turns++) {
      atMs = slot.startAtMs;
      slot = startReserved(slot.window, slot.startAtMs, atMs);
    }
    expect(slot.startAtMs).toBe(atMs);
    expect(atMs - nowMs).toBeLessThanOrEqual(2.05 * spanMs);
  });

  test('does not let more through: what has started counts as started now', () => {
    const nowMs = beforeMs - 3_600_000;
    expect(reserve(full().window, nowMs).startAtMs).toBeGreaterThan(nowMs + rule.periodSeconds * 1000);
  });
});
