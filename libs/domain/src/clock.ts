/** Time and chance are passed in, so that tests can hold both. */
export interface Clock {
  /** Milliseconds since 1970: what the clock on the wall shows, and so may be set back or forward at any moment. */
  now(): number;
}

/** Measures how long something takes. `performance` is one. */
export interface Stopwatch {
  /** Milliseconds since some moment of this process; no setting of the clock changes it. */
  now(): number;
}

/** A number in [0, 1). */
export type Random = () => number;

/** setTimeout takes no more: what is longer fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** A wait as a timer can take it: who waits for longer looks again when it fires. What is no number is no wait. */
export const timerMs = (waitMs: number): number => Math.min(Math.max(0, waitMs || 0), longestTimerMs);
