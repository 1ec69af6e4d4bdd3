import { describe, expect, test } from '@jest/globals';
import { medianOf, quantilesOf } from './statistics.ts';

describe('statistics', () => {
  test('quantiles are values that were measured, by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantilesOf(values)).toEqual({ p50: 50, p95: 95, p99: 99 });
    expect(quantilesOf([7])).toEqual({ p50: 7, p95: 7, p99: 7 });
  });

  test('the median of an even number lies between the middle two', () => {
    expect(medianOf([4, 1, 3, 2])).toBe(2.5);
    expect(medianOf([3, 1, 2])).toBe(2);
  });
});
