import type { Stopwatch } from '@bellwire/domain';

/** An outcome that is not on the log after so long says that none can be written now. */
const stuckAfterMs = 300;

/**
 * Tells when outcomes cannot be written down. Nothing is to be begun then: whoever takes over meanwhile repeats what has no
 * outcome on the log, and that is what was begun within this time, however long the log is away.
 */
export interface StuckWrites {
  /** Counts as under way until it ends, however often it is tried. */
  watch<Result>(write: Promise<Result>): Promise<Result>;
  isStuck(): boolean;
}

export const openStuckWrites = (stopwatch: Stopwatch): StuckWrites => {
  const underWay = new Set<{ sinceMs: number }>();

  return {
    async watch(write) {
      const entry = { sinceMs: stopwatch.now() };
      underWay.add(entry);
      try {
        return await write;
      } finally {
        underWay.delete(entry);
      }
    },
    isStuck: () => {
      const [oldest] = underWay;
      return oldest !== undefined && stopwatch.now() - oldest.sinceMs > stuckAfterMs;
    },
  };
};
