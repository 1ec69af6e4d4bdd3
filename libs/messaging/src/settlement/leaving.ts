import type { Commit, Subscription, TopicPartition } from '../log.ts';
import type { Ownership } from './ownership.ts';

export interface LeavingOptions {
  subscription: () => Subscription | undefined;
  commitOf: (entry: Ownership) => Commit;
  /** Writes what the next owner must know, when nothing of a partition is under way any more. */
  conclude: () => Promise<void>;
  /** A partition is somebody else's now: it was handed over, or taken from us. */
  onGone: (partition: TopicPartition) => unknown;
  /** A partition could not be handed over: its next owner repeats what was settled last. */
  onFailure: (error: unknown) => void;
}

/** Partitions that have moved away, until nothing of them is under way: then their next owners may begin. */
export interface Leaving {
  add(entry: Ownership): void;
  handOverIdle(): void;
  inFlight(): number;
  /** Nothing is handed over any more. */
  end(): void;
}

export const openLeaving = ({ subscription, commitOf, conclude, onGone, onFailure }: LeavingOptions): Leaving => {
  const entries = new Set<Ownership>();
  /** Those that were somebody else's at once. */
  const taken = new WeakSet<Ownership>();

  const handOver = async (entry: Ownership): Promise<void> => {
    entries.delete(entry);
    const { partition } = entry;
    try {
      if (subscription()?.isAwaited(partition) === true) await conclude();
      await subscription()?.handOver(commitOf(entry));
    } catch (error) {
      onFailure(error);
    }
    entry.forget();
    if (!taken.has(entry)) onGone(partition);
  };

  return {
    add(entry) {
      entries.add(entry);
      if (subscription()?.isAwaited(entry.partition) === true) return;
      taken.add(entry);
      onGone(entry.partition);
    },
    handOverIdle() {
      for (const entry of entries) if (entry.inFlight() === 0) void handOver(entry);
    },
    inFlight: () => [...entries].reduce((sum, entry) => sum + entry.inFlight(), 0),
    end() {
      for (const entry of entries) entry.forget();
      entries.clear();
    },
  };
};
