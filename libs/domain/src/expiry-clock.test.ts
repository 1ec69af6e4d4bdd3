import { describe, expect, test } from '@jest/globals';
import { openExpiryClock } from './expiry-clock.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const startMs = Date.UTC(2026, 4, 4);

const setUp = () => {
  let ranMs = 0;
  let offsetMs = startMs;
  const steps: number[] = [];
  const expiry = openExpiryClock({
    clock: { now: () => ranMs + offsetMs },
    stopwatch: { now: () => ranMs },
    onStep: ({ stepMs }) => void steps.push(stepMs),
  });
  return {
    steps,
    pass: (ms: number) => void (ranMs += ms),
    set: (byMs: number) => void (offsetMs += byMs),
    /** Since the start. */
    shown: () => expiry.now() - startMs,
  };
};

describe('the clock by which things are over', () => {
  test('goes with the clock on the wall, and with its corrections', () => {
    const { steps, pass, set, shown } = setUp();
    pass(hourMs);
    expect(shown()).toBe(hourMs);
    set(10 * minuteMs);
    expect(shown()).toBe(70 * minuteMs);
    set(-10 * minuteMs);
    expect(shown()).toBe(hourMs);
    expect(steps).toEqual([]);
  });

  test('goes on as before where the clock is set forward by 30 days, until that has stood for a day', () => {
    const { steps, pass, set, shown } = setUp();
    set(30 * dayMs);
    expect(shown()).toBe(0);
    pass(dayMs - 1);
    expect(shown()).toBe(dayMs - 1);
    pass(1);
    expect(shown()).toBe(31 * dayMs);
    expect(steps).toEqual([30 * dayMs]);
  });

  test('never was wrong where the clock is set right within the day', () => {
    const { steps, pass, set, shown } = setUp();
    set(365 * dayMs);
    shown();
    pass(hourMs);
    shown();
    set(-365 * dayMs);
    expect(shown()).toBe(hourMs);
    pass(2 * dayMs);
    expect(shown()).toBe(49 * hourMs);
    expect(steps).toEqual([365 * dayMs, -365 * dayMs]);
  });

  test('follows a clock that is set back, at once', () => {
    const { steps, pass, set, shown } = setUp();
    pass(hourMs);
    set(-hourMs);
    expect(shown()).toBe(0);
    expect(steps).toEqual([-hourMs]);
  });

  test('believes a second step with the first', () => {
    const { pass, set, shown } = setUp();
    set(2 * hourMs);
    shown();
    pass(20 * hourMs);
    set(2 * hourMs);
    expect(shown()).toBe(20 * hourMs);
    pass(4 * hourMs);
    expect(shown()).toBe(28 * hourMs);
  });
});
