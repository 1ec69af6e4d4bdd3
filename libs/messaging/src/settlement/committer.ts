import type { Commit } from '../log.ts';

/** Commits by natural batching: while one commit is in flight, or for a moment after it, the next gathers. */
export interface Committer {
  /** There is something new to commit. */
  touch(): void;
  /** Commits what there is now; rejects where that fails. */
  flush(): Promise<void>;
  /** Nothing is committed by itself any more. */
  stop(): void;
}

export interface CommitterOptions {
  /** What is new since it was called last. */
  collect: () => readonly Commit[];
  commit: (commits: readonly Commit[]) => Promise<void>;
  /** These are committed. */
  committed: (commits: readonly Commit[]) => void;
  /** These were not committed: collect() has to name them again, unless they are no longer ours. */
  giveBack: (commits: readonly Commit[]) => void;
  /** Between two commits, in milliseconds. */
  intervalMs: number;
  onFailure: (error: unknown) => void;
}

const longestBackoffMs = 5000;

export const openCommitter = (options: CommitterOptions): Committer => {
  const { collect, commit, committed, giveBack, intervalMs, onFailure } = options;
  let inFlight: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let touched = false;
  let stopped = false;
  let waitMs = intervalMs;

  const once = async (): Promise<void> => {
    touched = false;
    const commits = collect();
    if (commits.length === 0) return;
    try {
      await commit(commits);
      waitMs = intervalMs;
      committed(commits);
    } catch (error) {
      giveBack(commits);
      touched = true;
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
    timer = setTimeout(() => void start().catch(onFailure), waitMs);
  };

  return {
    touch() {
      touched = true;
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
