/** What one endpoint has in flight and what waits for it. */
export interface Line<Waiting> {
  /** When each request in flight began, the oldest first. */
  begun: Set<{ atMs: number }>;
  queue: Waiting[];
  /** Exponentially weighted mean duration of a request, in milliseconds. */
  meanMs: number;
}

const startingMeanMs = 50;
const weight = 0.1;

/**
 * An endpoint that answers faster than this is not what its deliveries wait for: the process is, and spilling would only
 * make it more work (at 64 at a time, 250 ms are 256 requests a second). Their number is bounded by the worker's window.
 */
const slowMs = 250;

/** @param meanMs as it was known before, where it was */
export const newLine = <Waiting>(meanMs: number = startingMeanMs): Line<Waiting> => ({
  begun: new Set(),
  queue: [],
  meanMs,
});

/** @param durationMs undefined where no request was made after all */
export const ended = (line: Line<unknown>, begun: { atMs: number }, durationMs: number | undefined): void => {
  line.begun.delete(begun);
  if (durationMs === undefined) return;
  line.meanMs += weight * (durationMs - line.meanMs);
};

/** What a request takes: no less than the oldest one in flight has taken already. */
const durationOf = (line: Line<unknown>, nowMs: number): number => {
  const [oldest] = line.begun;
  return oldest === undefined ? line.meanMs : Math.max(line.meanMs, nowMs - oldest.atMs);
};

/** How long it takes until a delivery with so many `ahead` of it can start, in milliseconds. */
export const waitOf = (
  line: Line<unknown>,
  { ahead, maxConcurrency, nowMs }: { ahead: number; maxConcurrency: number; nowMs: number },
): number => ((ahead + 1) * durationOf(line, nowMs)) / maxConcurrency;

/** How many may wait for an endpoint, so that none waits longer than `maxQueueMs` for its slowness. */
export const roomOf = (
  line: Line<unknown>,
  { maxQueueMs, maxConcurrency, nowMs }: { maxQueueMs: number; maxConcurrency: number; nowMs: number },
): number => {
  const durationMs = durationOf(line, nowMs);
  return durationMs < slowMs ? Number.POSITIVE_INFINITY : Math.floor((maxQueueMs * maxConcurrency) / durationMs);
};
