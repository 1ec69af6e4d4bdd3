import { createRequire } from 'node:module';

/** What is used of kafkajs's RequestQueue (src/network/requestQueue). */
interface RequestQueue {
  pending: readonly unknown[];
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
}

interface RequestQueueClass {
  prototype: { scheduleCheckPendingRequests(this: RequestQueue): void };
}

const pendingCheckMs = 10;
/** Longer than a broker throttles anybody: what is left beyond it, the clock was set back. */
const longestThrottleMs = 60_000;

/**
 * kafkajs 2.2.4 sets a timer with a negative delay after every request although nothing waits (its issue 1751): Node 24
 * warns, and an idle connection wakes up for nothing. This one sets a timer only where something waits.
 */
export const quietTimers = (): void => {
  const RequestQueue: RequestQueueClass = createRequire(import.meta.url)('kafkajs/src/network/requestQueue');
  RequestQueue.prototype.scheduleCheckPendingRequests = function schedule(this: RequestQueue): void {
    this.throttledUntil = Math.min(this.throttledUntil, Date.now() + longestThrottleMs);
    const throttledMs = this.throttledUntil - Date.now();
    if (this.throttleCheckTimeoutId !== null || (this.pending.length === 0 && throttledMs <= 0)) return;
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : pendingCheckMs,
    );
  };
};
