import type { Clock, Stopwatch } from './clock.ts';

/** How the clock on the wall differs from what a stopwatch says it should show. */
export interface ClockStep {
  /** Positive: it was set forward. */
  readonly stepMs: number;
}

export interface ExpiryClockOptions {
  clock: Clock;
  stopwatch: Stopwatch;
  /** Told once of each step of an hour or more, when somebody asks for the time. */
  onStep(step: ClockStep): void;
}

/** A smaller step is a correction, and believed at once. */
const largeStepMs = 60 * 60 * 1000;
/** So long a clock that was set forward has to go on before it is believed: time to notice, and to set it right. */
const trustAfterMs = 24 * 60 * 60 * 1000;

/**
 * The clock by which things are over for good: deadlines, retention, reservations. It shows what the clock on the wall
 * shows, but where that is set forward by an hour or more, time goes on as before for a day: nothing ends because a clock
 * was wrong. One that is set back is believed at once, for that ends nothing. At the start of a process the clock is
 * believed, whatever it shows.
 */
export const openExpiryClock = ({ clock, stopwatch, onStep }: ExpiryClockOptions): Clock => {
  const offsetNow = (): number => clock.now() - stopwatch.now();
  /** What is believed lies between the clock and the stopwatch. */
  let believedMs = offsetNow();
  let seenMs = believedMs;
  let doubtedSinceMs: number | undefined;

  const look = (): void => {
    const offsetMs = offsetNow();
    const stepMs = offsetMs - seenMs;
    if (Math.abs(stepMs) >= largeStepMs) onStep({ stepMs: Math.round(stepMs) });
    seenMs = offsetMs;
    const isAhead = offsetMs - believedMs >= largeStepMs;
    if (isAhead) doubtedSinceMs ??= stopwatch.now();
    else doubtedSinceMs = undefined;
    const isBelieved = doubtedSinceMs === undefined || stopwatch.now() - doubtedSinceMs >= trustAfterMs;
    if (!isBelieved) return;
    believedMs = offsetMs;
    doubtedSinceMs = undefined;
  };

  return {
    now: () => {
      look();
      return Math.floor(believedMs + stopwatch.now());
    },
  };
};
