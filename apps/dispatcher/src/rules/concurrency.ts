/**
 * How many requests an endpoint may have under way at once, found by trying as TCP finds its window (RFC 5681): one more
 * after each clean result until there is trouble for the first time, then half as many after trouble and one more after a
 * full round of clean results. It lives in the memory of the endpoint's owner only.
 */
export interface Concurrency {
  readonly limit: number;
  /** Clean results in a row since the limit last changed. */
  readonly clean: number;
  /** Minus infinity where it never was. */
  readonly loweredAtMs: number;
}

/** How one request went. */
export interface RequestEnd {
  /** Timed out, unreachable, 5xx or 429: the receiver has more than it can take. */
  readonly isTrouble: boolean;
  readonly startedAtMs: number;
}

const startingLimit = 8;

/** @param max of the endpoint, 1 or more */
export const initialConcurrency = (max: number): Concurrency => ({
  limit: Math.min(startingLimit, max),
  clean: 0,
  loweredAtMs: Number.NEGATIVE_INFINITY,
});

/** One at a time, for a breaker that has just closed: a backlog must not hit a receiver that has just come back. */
export const slowStart = (nowMs: number): Concurrency => ({ limit: 1, clean: 0, loweredAtMs: nowMs });

/**
 * A request that started no later than the last lowering tells of the load before it, so it counts neither way: many
 * that fail together lower the limit once.
 */
export const concurrencyAfter = (
  state: Concurrency,
  { isTrouble, startedAtMs }: RequestEnd,
  max: number,
  nowMs: number,
): Concurrency => {
  const limit = Math.min(state.limit, max);
  if (startedAtMs <= state.loweredAtMs) return { ...state, limit };
  if (isTrouble) return { limit: Math.max(1, Math.floor(limit / 2)), clean: 0, loweredAtMs: nowMs };
  if (state.loweredAtMs === Number.NEGATIVE_INFINITY) return { ...state, limit: Math.min(limit + 1, max) };
  const clean = state.clean + 1;
  return clean < limit ? { ...state, limit, clean } : { ...state, limit: Math.min(limit + 1, max), clean: 0 };
};
