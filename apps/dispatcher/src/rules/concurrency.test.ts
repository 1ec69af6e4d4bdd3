import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concurrencyAfter, initialConcurrency, slowStart, type Concurrency } from './concurrency.ts';

const after = (state: Concurrency, count: number, end: { isTrouble: boolean; startedAtMs: number }, max = 64) => {
  let next = state;
  for (let index = 0; index < count; index++) next = concurrencyAfter(next, end, max, end.startedAtMs + 50);
  return next;
};

const clean = (startedAtMs: number) => ({ isTrouble: false, startedAtMs });
const trouble = (startedAtMs: number) => ({ isTrouble: true, startedAtMs });

describe('concurrency', () => {
  test('starts at eight, or at what the endpoint may have', () => {
    expect(initialConcurrency(64).limit).toBe(8);
    expect(initialConcurrency(3).limit).toBe(3);
  });

  test('rises by one after each clean result until there is trouble, up to the maximum', () => {
    const initial = initialConcurrency(64);
    expect(after(initial, 1, clean(0)).limit).toBe(9);
    expect(after(initial, 56, clean(0)).limit).toBe(64);
    expect(after(initial, 100, clean(0)).limit).toBe(64);
  });

  test('after trouble rises by one after as many clean results in a row as the limit, up to the maximum', () => {
    const lowered = after(initialConcurrency(10), 1, trouble(0), 10);
    expect(lowered.limit).toBe(4);
    expect(after(lowered, 3, clean(100), 10).limit).toBe(4);
    expect(after(lowered, 4, clean(100), 10).limit).toBe(5);
    expect(after(lowered, 4 + 5, clean(100), 10).limit).toBe(6);
    expect(after(lowered, 100, clean(100), 10).limit).toBe(10);
  });

  test('is halved once by requests that fail together, and again by one that started later', () => {
    const lowered = after(initialConcurrency(64), 1, trouble(100));
    expect(lowered.limit).toBe(4);
    expect(after(lowered, 5, trouble(120)).limit).toBe(4);
    expect(after(lowered, 1, trouble(151)).limit).toBe(2);
    expect(after(lowered, 1, trouble(151)).loweredAtMs).toBe(201);
  });

  test('does not rise by requests that started under a higher limit', () => {
    expect(after(slowStart(1000), 20, clean(999)).limit).toBe(1);
    expect(after(slowStart(1000), 1, clean(1001)).limit).toBe(2);
    expect(after(slowStart(1000), 1 + 2, clean(1001)).limit).toBe(3);
  });

  test('follows at once when the maximum is lowered', () => {
    expect(after(initialConcurrency(64), 1, clean(0), 2).limit).toBe(2);
  });

  test('stays between one and the maximum, changes by one step, and is lowered once per window', () => {
    const ends = fc.record({ isTrouble: fc.boolean(), tookMs: fc.nat(500), gapMs: fc.nat(50) });
    fc.assert(
      fc.property(fc.array(ends, { maxLength: 200 }), fc.integer({ min: 1, max: 64 }), (script, max) => {
        let state = initialConcurrency(max);
        let nowMs = 1000;
        for (const { isTrouble, tookMs, gapMs } of script) {
          nowMs += gapMs;
          const startedAtMs = nowMs - tookMs;
          const next = concurrencyAfter(state, { isTrouble, startedAtMs }, max, nowMs);
          expect(next.limit).toBeGreaterThanOrEqual(1);
          expect(next.limit).toBeLessThanOrEqual(max);
          expect(next.limit).toBeLessThanOrEqual(state.limit + 1);
          if (next.limit < state.limit) {
            expect(isTrouble && startedAtMs > state.loweredAtMs).toBe(true);
            expect(next.limit).toBe(Math.floor(state.limit / 2));
          }
          state = next;
        }
      }),
    );
  });
});
