import type { Commit } from '../log.ts';
import type { OwnedPartitions } from './owned.ts';

/** Commits by natural batching: while one commit is in flight, or for a moment after it, the next gathers. */
export interface Committer {
  /** There is something new to commit, and so many wait for it. */
  touch(waiting: number): void;
  /** Commits what there is now; rejects where that fails. */
  flush(): Promise<void>;
  /** Nothing is committed by itself any more. */
  stop(): void;
}

export interface CommitterOptions {
  /** What there is to commit, and who is told how that went. */
  owned: Pick<OwnedPartitions, 'collect' | 'committed' | 'giveBack'>;
  commit: (commits: readonly Commit[]) => Promise<void>;
  /** Between two commits, in milliseconds. */
  intervalMs: number;
  /** Where so many wait the next commit does not wait for its moment. @default however many */
  hurryAfter: number | undefined;
  onFailure: (error: unknown) => void;
}

const longestBackoffMs = 5000;

export const openCommitter = (options: CommitterOptions): Committer => {
  const { owned, commit, intervalMs, hurryAfter = Number.POSITIVE_INFINITY, onFailure } = options;
  let inFlight: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let touched = false;
  let hurries = false;
  let stopped = false;
  let waitMs = intervalMs;

  const once = async (): Promise<void> => {
    touched = false;
    hurries = false;
    const commits = owned.collect();
    if (commits.length === 0) return;
    try {
      await commit(commits);
      waitMs = intervalMs;
      owned.committed();
    } catch (error) {
      owned.giveBack();
      touched = true;
      hurries = false;
      waitMs = Math.min(longestBackoffMs, waitMs * 2);
      throw error;
    }
  };

  const start = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    inFlight = once().finally(() => {
      inFlight = undefined;
      if (touched) schedule();
    });
    return inFlight;
  };

  const schedule = (): void => {
    if (stopped || inFlight !== undefined || timer !== undefined) return;
    timer = setTimeout(() => void start().catch(onFailure), hurries ? 0 : waitMs);
  };

  return {
    touch(waiting) {
      touched = true;
      // After a failure nothing hurries.
      if (waiting >= hurryAfter && !hurries && waitMs === intervalMs) {
        hurries = true;
        clearTimeout(timer);
        timer = undefined;
      }
      schedule();
    },
    async flush() {
      for (let before = inFlight; before !== undefined; before = inFlight) await before.catch(() => undefined);
      await start();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      timer = undefined;
    },
  };
};
