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
    expect(stepsOf([100, 200, 300, 599, 600, 700, 1099, 1100])).toEqual([
      ...Array<string>(4).fill('none'),
      'warn',
      'none',
      'none',
      'disable',
    ]);
  });

  test('begins anew with each success', () => {
    expect(stepsOf([100, 200, 300, 400, -500, 1200, 1300, 1400, 1600, 1701])).toEqual([
      ...Array<string>(9).fill('none'),
      'warn',
    ]);
    expect(failingAfter({ sinceMs: 5, warnedAtMs: 6, failures: 7 }, true, 8, rule).state).toEqual(notFailing);
  });

  test('is warned of by the fifth failure at the earliest, and disabled a tenth of the time after that', () => {
    const moments = [100, 5000, 5001, 5002, 5003, 5004, 5102, 5103];
    expect(stepsOf(moments)).toEqual([...Array<string>(4).fill('none'), 'warn', 'none', 'none', 'disable']);
  });

  test('is never warned of or disabled when the time is 0', () => {
    expect(new Set(stepsOf([1, 10, 1e6, 1e9, 1e12, 1e13], 0))).toEqual(new Set(['none']));
  });

  test('stays to be disabled until it starts anew', () => {
    expect(stepsOf([100, 200, 300, 400, 900, 1100, 1101]).slice(-2)).toEqual(['disable', 'disable']);
  });

  test('is disabled only after failures in a row that span the time, and after one warning', () => {
    const attempts = fc.array(fc.record({ gapMs: fc.integer({ min: 1, max: 400 }), isDelivered: fc.boolean() }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(attempts, (script) => {
        let state = notFailing;
        let nowMs = 1;
        let failedAt: number[] = [];
        let warnedAtMs: number | undefined;
        for (const { gapMs, isDelivered } of script) {
          nowMs += gapMs;
          failedAt = isDelivered ? [] : [...failedAt, nowMs];
          if (isDelivered) warnedAtMs = undefined;
          const after = failingAfter(state, isDelivered, nowMs, rule);
          state = after.state;
          const failingMs = nowMs - (failedAt[0] ?? nowMs);
          const noticeMs = nowMs - (warnedAtMs ?? nowMs);
          expect(after.step === 'disable').toBe(failingMs >= 1000 && noticeMs >= 100);
          if (after.step === 'warn') {
            expect(warnedAtMs).toBeUndefined();
            expect(failedAt.length).toBeGreaterThanOrEqual(5);
            warnedAtMs = nowMs;
          }
          if (failedAt.length >= 5 && failingMs >= 500) expect(warnedAtMs).toBeDefined();
        }
      }),
    );
  });
});
