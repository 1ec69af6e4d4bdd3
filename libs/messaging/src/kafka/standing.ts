/** Whether a member knows what is its own. While the group forms anew nobody does. */
export interface Standing {
  isSettled(): boolean;
  /** It was heard, and knew what is its own, within a session's time: later nobody has waited for it. */
  isHeard(): boolean;
  unsettle(): void;
  settle(): void;
  /**
   * A heartbeat was answered: settles it. Not where none was for half of a session's time: then the process was stopped, and
   * the answer may be as old as that. The next one tells.
   */
  heartbeat(): void;
  /** Resolves when it is settled the next time, or after limitMs. */
  next(limitMs: number): Promise<void>;
}

export const openStanding = (sessionTimeoutMs: number): Standing => {
  let settled = false;
  let heardAt = Number.NEGATIVE_INFINITY;
  let answeredAt = Number.NEGATIVE_INFINITY;
  let waiting: (() => void)[] = [];

  const settle = (): void => {
    settled = true;
    heardAt = performance.now();
    answeredAt = heardAt;
    for (const wake of waiting.splice(0)) wake();
  };

  return {
    isSettled: () => settled,
    // Of a clock that goes on while the process is stopped.
    isHeard: () => performance.now() - heardAt < sessionTimeoutMs,
    unsettle: () => void (settled = false),
    settle,
    heartbeat() {
      const sinceLastMs = performance.now() - answeredAt;
      answeredAt = performance.now();
      if (sinceLastMs < sessionTimeoutMs / 2) settle();
    },
    next: (limitMs) =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(() => {
          waiting = waiting.filter((each) => each !== wake);
          resolve();
        }, limitMs);
        waiting.push(wake);
      }),
  };
};
