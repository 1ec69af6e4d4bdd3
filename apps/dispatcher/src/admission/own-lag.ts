/** How far what this process sees of its requests is behind what they do, because it was busy when they needed it. */
export interface OwnLag {
  /** To be called at an interval. */
  tick(nowMs: number): void;
  /** How much longer than it was a request looks that ends now, in milliseconds. */
  ms(): number;
  /** Until when it is known what has ended: answers that came later may wait to be seen. By the clock of the ticks. */
  seenMs(): number;
}

/** A request waits for the process at least twice: when it has its connection, and when its answer is there. */
const waitsOfARequest = 2;
/** Of what a wait was, so much counts still at the next tick: a single pause is forgotten after half a second. */
const kept = 0.7;

/** @param everyMs the interval: what is beyond it, a timer that was due has waited for what the process did else */
export const openOwnLag = (everyMs: number): OwnLag => {
  let lastMs = Number.NEGATIVE_INFINITY;
  let waitMs = 0;
  const ms = (): number => waitsOfARequest * waitMs;
  return {
    tick: (nowMs) => {
      const lateMs = Number.isFinite(lastMs) ? nowMs - lastMs - everyMs : 0;
      lastMs = nowMs;
      waitMs = Math.max(0, lateMs, waitMs * kept);
    },
    ms,
    // As of the last tick: while the process does one thing for long it sees nothing, and does not tick.
    seenMs: () => lastMs - ms(),
  };
};
