import { setTimeout as sleep } from 'node:timers/promises';

/** How a worker comes to its end: nothing new, the old settled, all of it committed. */
export interface Ending {
  begin(): void;
  begun(): boolean;
  /** Something was settled or lost. */
  check(): void;
  /** Resolves when nothing is in flight, or after timeoutMs. */
  settled(timeoutMs: number): Promise<void>;
  /**
   * Commits what is settled, and tries again until that is done or timeoutMs are over. Never rejects.
   *
   * @param before what comes before the commit, and is tried again with it
   */
  commit(timeoutMs: number, before?: () => Promise<void>): Promise<void>;
}

export interface EndingOptions {
  inFlight: () => number;
  flush: () => Promise<void>;
  onFailure: (error: unknown) => void;
}

const retryMs = 50;

export const openEnding = ({ inFlight, flush, onFailure }: EndingOptions): Ending => {
  const waiting = new Set<() => void>();
  let begun = false;

  return {
    begin: () => void (begun = true),
    begun: () => begun,
    check() {
      if (waiting.size === 0 || inFlight() > 0) return;
      for (const finish of waiting) finish();
    },
    settled: (timeoutMs) =>
      new Promise((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          waiting.delete(finish);
          resolve();
        };
        const timer = setTimeout(finish, timeoutMs);
        waiting.add(finish);
        if (inFlight() === 0) finish();
      }),
    async commit(timeoutMs, before = async () => undefined) {
      const over = new AbortController();
      const timer = setTimeout(() => over.abort(), timeoutMs);
      const untilDone = async (): Promise<void> => {
        while (!over.signal.aborted) {
          try {
            await before();
            await flush();
            return;
          } catch (error) {
            onFailure(error);
            await sleep(retryMs, undefined, { signal: over.signal }).catch(() => undefined);
          }
        }
      };
      const late = new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve()));
      await Promise.race([untilDone(), late]);
      clearTimeout(timer);
    },
  };
};
