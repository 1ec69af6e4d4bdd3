import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { leavesTierAt, parseTiers, roughTierFor, tierFor } from './tiers.ts';

const tiers = parseTiers('1s 5s 15s 1m 5m 30m 2h 8h');

describe('delay tiers', () => {
  test('are read shortest first', () => {
    expect(parseTiers('5m 1s').map((tier) => tier.delayMs)).toEqual([1000, 300_000]);
  });

  test.each(['', 'soon', '1', '0s', '1s 60s 1m', '1d'])('refuse "%s"', (text) => {
    expect(() => parseTiers(text)).toThrow();
  });

  test.each([
    [999, '1s'],
    [1000, '1s'],
    [4999, '1s'],
    [20_000, '15s'],
    [125_000, '1m'],
    [259_200_000, '8h'],
  ])('take what remains of %i ms to %s', (remainingMs, name) => {
    expect(tierFor(tiers, remainingMs).name).toBe(name);
  });

  test.each([
    [999, '1s'],
    [1001, '5s'],
    [13_000, '15s'],
    [28_000, '15s'],
    [59_000, '15s'],
    [60_000, '1m'],
  ])('take a rough wait of %i ms to %s', (remainingMs, name) => {
    expect(roughTierFor(tiers, remainingMs).name).toBe(name);
  });

  test.each([
    ['wait', tierFor],
    ['rough wait', roughTierFor],
  ])('lead every %s to its due time, never past it and never before it', (_what, choose) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 * 86_400_000 }), (delayMs) => {
        let now = 0;
        for (let hops = 0; now < delayMs; hops++) {
          if (hops > 60) return false;
          now = leavesTierAt(choose(tiers, delayMs - now), now, delayMs);
        }
        return now === delayMs;
      }),
    );
  });
});
