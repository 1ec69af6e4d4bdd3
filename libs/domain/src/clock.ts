/** Time and chance are passed in, so that tests can hold both. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
}

/** A number in [0, 1). */
export type Random = () => number;
