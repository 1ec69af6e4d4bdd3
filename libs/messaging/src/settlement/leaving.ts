import type { Commit, Subscription, TopicPartition } from '../log.ts';
import type { Ownership } from './ownership.ts';

export interface LeavingOptions {
  subscription: () => Subscription | undefined;
  commitOf: (entry: Ownership) => Commit;
  /** Writes what the next owner must know, when nothing of a partition is under way any more. */
  conclude: () => Promise<void>;
  /** A partition is somebody else's now: it was handed over, or taken from us. */
  onGone: (partition: TopicPartition) => unknown;
  /** A partition was taken from us: nobody waits for our last word. */
  onTaken: () => void;
  /** A partition could not be handed over: its next owner repeats what was settled last. */
  onFailure: (error: unknown) => void;
}

/** Partitions that have moved away, until nothing of them is under way: then their next owners may begin. */
export interface Leaving {
  add(entry: Ownership): void;
  /** The partition is ours again: what is under way of it still is settled, and has no last word any more. */
  comeBack(partition: TopicPartition): void;
  handOverIdle(): void;
  inFlight(): number;
  /** Nothing is handed over any more. */
  end(): void;
}

export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}\n${partition}`;

export const openLeaving = ({
  subscription,
  commitOf,
  conclude,
  onGone,
  onTaken,
  onFailure,
}: LeavingOptions): Leaving => {
  const entries = new Set<Ownership>();
  /** Those that were somebody else's at once. */
  const taken = new WeakSet<Ownership>();
  /**
   * By partition, the ownership that has the last word. One before it may have something under way still, and knows nothing
   * of what was committed since.
   */
  const last = new Map<string, Ownership>();
  const isLast = (entry: Ownership): boolean => last.get(nameOf(entry.partition)) === entry;

  /** Nothing is under way of it any more, nor, where it has the last word, of those before it. */
  const isIdle = (entry: Ownership): boolean =>
    entry.inFlight() === 0 &&
    (!isLast(entry) ||
      [...entries].every((each) => nameOf(each.partition) !== nameOf(entry.partition) || each.inFlight() === 0));

  const handOver = async (entry: Ownership): Promise<void> => {
    entries.delete(entry);
    const { partition } = entry;
    try {
      if (isLast(entry) && subscription()?.isAwaited(partition) === true) await conclude();
      if (isLast(entry)) await subscription()?.handOver(commitOf(entry));
    } catch (error) {
      onFailure(error);
    }
    entry.forget();
    if (!isLast(entry)) return;
    last.delete(nameOf(partition));
    if (!taken.has(entry)) onGone(partition);
  };

  return {
    add(entry) {
      entries.add(entry);
      last.set(nameOf(entry.partition), entry);
      if (subscription()?.isAwaited(entry.partition) === true) return;
      taken.add(entry);
      onTaken();
      onGone(entry.partition);
    },
    comeBack: (partition) => void last.delete(nameOf(partition)),
    handOverIdle() {
      for (const entry of entries) if (isIdle(entry)) void handOver(entry);
    },
    inFlight: () => [...entries].reduce((sum, entry) => sum + entry.inFlight(), 0),
    end() {
      for (const entry of entries) entry.forget();
      entries.clear();
    },
  };
};
