/** Whether a member knows what is its own. While the group forms anew nobody does. */
export interface Standing {
  isSettled(): boolean;
  unsettle(): void;
  settle(): void;
  /** Resolves when it is settled the next time, or after limitMs. */
  next(limitMs: number): Promise<void>;
}

export const openStanding = (): Standing => {
  let settled = false;
  let waiting: (() => void)[] = [];

  return {
    isSettled: () => settled,
    unsettle: () => void (settled = false),
    settle() {
      settled = true;
      for (const wake of waiting.splice(0)) wake();
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
