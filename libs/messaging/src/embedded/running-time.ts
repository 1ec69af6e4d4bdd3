/**
 * How long this log has been open, over all of its processes, in milliseconds: the age of its records is counted in that,
 * so that no setting of a clock makes a record old, and none keeps it young.
 */
export interface RunningTime {
  now(): number;
  /** Goes on from what the database has; a connection that is made anew changes nothing. */
  learn(savedMs: number): void;
}

export const openRunningTime = (stopwatch: { now(): number }): RunningTime => {
  let baseMs: number | undefined;
  return {
    now: () => Math.floor((baseMs ?? 0) + stopwatch.now()),
    learn: (savedMs) => void (baseMs ??= savedMs - stopwatch.now()),
  };
};
