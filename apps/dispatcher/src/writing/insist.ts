import type { Logger } from '@bellwire/lifecycle';
import { isRefused } from '@bellwire/messaging';

export interface InsistOptions {
  log: Logger;
  /** Aborted when the service gives up: what is still tried then rejects. */
  signal: AbortSignal;
}

const firstWaitMs = 50;
const longestWaitMs = 5000;

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });

/**
 * Tries again until it succeeds: what was accepted may not be given up because the log is away for a while. Waits 50 ms,
 * doubled up to 5 s, between tries, and logs the first failure and every tenth after it. What the log refuses for good
 * rejects at once: who writes says what becomes of it.
 */
export const makeInsist =
  ({ log, signal }: InsistOptions) =>
  async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
    for (let failures = 0; ; failures++) {
      try {
        return await work();
      } catch (error) {
        if (signal.aborted || isRefused(error)) throw error;
        if (failures % 10 === 0) log.warn({ what, failures: failures + 1, err: error }, 'step.retried');
        await wait(Math.min(firstWaitMs * 2 ** Math.min(failures, 10), longestWaitMs), signal);
      }
    }
  };

export type Insist = ReturnType<typeof makeInsist>;
