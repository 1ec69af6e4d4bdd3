import { setTimeout as wait } from 'node:timers/promises';
import type { Closable } from '@bellwire/lifecycle';

export interface UntilDoneOptions {
  run: () => Promise<void>;
  /** Wait between tries. */
  retryMs: number;
  /** Whether a failure may pass by itself. */
  shouldRetry: (error: unknown) => boolean;
  onRetry: (error: unknown) => void;
}

/** Work of the start that is tried until it is done. */
export interface UntilDone extends Closable {
  /** Resolves after the first try, whatever came of it. */
  readonly firstTry: Promise<void>;
  /** Resolves when it is done or closed; rejects with a failure that will not pass. */
  readonly ended: Promise<void>;
}

export const untilDone = ({ run, retryMs, shouldRetry, onRetry }: UntilDoneOptions): UntilDone => {
  const closing = new AbortController();
  const first = Promise.withResolvers<void>();

  const go = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        return await run();
      } catch (error) {
        if (closing.signal.aborted) return;
        if (!shouldRetry(error)) throw error;
        onRetry(error);
      } finally {
        first.resolve();
      }
      // Rejects when it is closed, which ends the loop.
      await wait(retryMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  };

  const ended = go();
  return {
    firstTry: first.promise,
    ended,
    close: async () => {
      closing.abort();
      await ended.catch(() => undefined);
    },
  };
};
