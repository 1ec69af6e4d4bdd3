import { describe, expect, test } from '@jest/globals';
import { mostWithin } from './windows.ts';

describe('the most within a window', () => {
  test('is counted wherever the window begins', () => {
    expect(mostWithin([0, 900, 1000, 1100, 5000], 1000)).toBe(3);
  });

  test('does not hold what comes exactly a window later', () => {
    expect(mostWithin([0, 1000, 2000], 1000)).toBe(1);
  });

  test('is nothing of nothing', () => {
    expect(mostWithin([], 1000)).toBe(0);
  });
});
