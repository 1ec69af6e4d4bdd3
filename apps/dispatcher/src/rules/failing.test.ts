import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { failingAfter, notFailing } from './failing.ts';

const rule = { disableAfterMs: 1000 };

/** The steps of attempts at these moments; a negative one is an attempt that was delivered. */
const stepsOf = (moments: readonly number[], disableAfterMs = rule.disableAfterMs) => {
  let state = notFailing;
  return moments.map((moment) => {
    const { state: next, step } = failingAfter(state, moment < 0, Math.abs(moment), { disableAfterMs });
    state = next;
    return step;
  });
};

describe('a failing endpoint', () => {
  test('is warned of once after half of the time, and disabled by a failure after all of it', () => {
    expect(stepsOf([100, 300, 599, 600, 700, 1099, 1100])).toEqual([
      'none',
      'none',
      'none',
      'warn',
      'none',
      'none',
      'disable',
    ]);
  });

  test('begins anew with each success', () => {
    expect(stepsOf([100, 200, 300, 400, -500, 1200, 1600, 1701])).toEqual([...Array<string>(7).fill('none'), 'warn']);
    expect(failingAfter({ sinceMs: 5, warnedAtMs: 6, failures: 7 }, true, 8, rule).state).toEqual(notFailing);
  });

  test('is not disabled by an old failure and one more, only by the fifth', () => {
    expect(stepsOf([100, 5000, 5001, 5002, 5003])).toEqual(['none', 'warn', 'none', 'none', 'disable']);
  });

  test('is never warned of or disabled when the time is 0', () => {
    expect(new Set(stepsOf([1, 10, 1e6, 1e9, 1e12, 1e13], 0))).toEqual(new Set(['none']));
  });

  test('stays to be disabled until it starts anew', () => {
    expect(stepsOf([100, 200, 300, 400, 1100, 1101]).slice(-2)).toEqual(['disable', 'disable']);
  });

  test('is disabled only after five failures in a row that span the time, warned of at most once before', () => {
    const attempts = fc.array(fc.record({ gapMs: fc.integer({ min: 1, max: 400 }), isDelivered: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(attempts, (script) => {
        let state = notFailing;
        let nowMs = 1;
        let failedAt: number[] = [];
        let warnings = 0;
        for (const { gapMs, isDelivered } of script) {
          nowMs += gapMs;
          failedAt = isDelivered ? [] : [...failedAt, nowMs];
          if (isDelivered) warnings = 0;
          const after = failingAfter(state, isDelivered, nowMs, rule);
          state = after.state;
          if (after.step === 'warn') warnings++;
          const failingMs = nowMs - (failedAt[0] ?? nowMs);
          expect(after.step === 'disable').toBe(failedAt.length >= 5 && failingMs >= 1000);
          expect(warnings).toBeLessThanOrEqual(1);
          if (after.step === 'none' && failingMs >= 500) expect(warnings).toBe(1);
        }
      }),
    );
  });
});
