import { describe, expect, test } from '@jest/globals';
import { longestStall } from './outage.ts';

describe('the longest stall', () => {
  test('is the longest time between two arrivals, in whatever order they were noted', () => {
    expect(longestStall([0, 10, 500, 100], 4)).toBe(400);
  });

  test('does not count once hardly anything is still to come', () => {
    const arrivals = Array.from({ length: 200 }, (_, index) => index);
    expect(longestStall([...arrivals.slice(0, 199), 9000], 200)).toBe(1);
  });
});
