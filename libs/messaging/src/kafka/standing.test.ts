import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { openStanding } from './standing.ts';

describe('standing', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('is not heard before it knew what is its own', () => {
    expect(openStanding(10_000).isHeard()).toBe(false);
  });

  test('is heard for the time of a session since it knew last, also while the group forms anew', () => {
    const standing = openStanding(10_000);
    standing.settle();
    jest.advanceTimersByTime(6000);
    standing.settle();
    standing.unsettle();
    jest.advanceTimersByTime(9999);
    expect(standing.isHeard()).toBe(true);
    jest.advanceTimersByTime(1);
    expect(standing.isHeard()).toBe(false);
    standing.settle();
    expect(standing.isHeard()).toBe(true);
  });

  test('does not take the answer to a heartbeat from before a pause for a sign of life', () => {
    const standing = openStanding(10_000);
    standing.settle();
    for (let beat = 0; beat < 30; beat++) {
      jest.advanceTimersByTime(500);
      standing.heartbeat();
    }
    expect(standing.isHeard()).toBe(true);
    jest.advanceTimersByTime(14_000);
    standing.heartbeat();
    expect(standing.isHeard()).toBe(false);
    jest.advanceTimersByTime(500);
    standing.heartbeat();
    expect(standing.isHeard()).toBe(true);
  });
});
