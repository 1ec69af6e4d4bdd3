import { expect, test } from '@jest/globals';
import { timerMs } from './clock.ts';

test.each([
  [0, 0],
  [1500, 1500],
  [-3_600_000, 0],
  [NaN, 0],
  // 30 days; a longer timer than 24.8 days fires at once.
  [30 * 24 * 3_600_000, 2_147_483_647],
  [Number.POSITIVE_INFINITY, 2_147_483_647],
])('a wait of %d ms is a timer of %d ms', (waitMs, expected) => {
  expect(timerMs(waitMs)).toBe(expected);
});
