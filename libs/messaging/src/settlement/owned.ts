import type { Commit, LogRecord, Subscription, TopicPartition } from '../log.ts';
import { decodeCompleted, encodeCompleted } from './completed-offsets.ts';
import { settlementWindow } from './window.ts';

/**
 * A partition while it is ours. One that moves away and comes back is another object: this is the ownership epoch, which
 * rises only when a partition really moves.
 */
export interface Owned {
  /** False where the record was in hand or done before: drop it. */
  admit(record: LogRecord): boolean;
  /** @param onCommitted called once when that is committed, or when the partition is lost */
  settle(offset: number, onCommitted?: () => void): void;
  isCurrent: () => boolean;
  /** Pauses a full partition, resumes one with room. */
  balance(): void;
}

/** The partitions that are ours. */
export interface OwnedPartitions {
  of(partition: TopicPartition): Owned | undefined;
  /** What is begun; undefined where the partition is ours already. */
  assign(partition: TopicPartition, commit: Commit | undefined): Owned | undefined;
  lose(partition: TopicPartition): void;
  loseAll(): void;
  inFlight(): number;
  /** What has changed since it was called last, to be committed. */
  collect(): readonly Commit[];
  /** These are committed: who waits for that is told. */
  committed(commits: readonly Commit[]): void;
  /** These could not be committed: they have changed still. */
  giveBack(commits: readonly Commit[]): void;
  /** Completions that did not fit into the metadata of a commit. */
  completionsDropped(): number;
  /** Where pauses and resumes go; until it is known they are kept. */
  attach(subscription: Subscription): void;
  /** Pauses everything, for good. */
  stopFetching(): void;
}

export interface OwnedOptions {
  limit: { records: number; bytes: number };
  /** There is something to commit, and so many wait for it. */
  onChanged: (waiting: number) => void;
  /** A record was settled, or a partition lost. */
  onFewer: () => void;
}

/** Metadata of a commit, as the port and Kafka's default (offset.metadata.max.bytes = 4096) allow. */
const metadataBytes = 4000;

/**
 * How much further than its unsettled records a window may reach: one slow record must not stop the partition. The commit
 * metadata grows with the unsettled records, not with the reach: settled ones between them are runs.
 */
const reachOverUnsettled = 10;

export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}\n${partition}`;

const sizeOf = (record: LogRecord): number => record.key.length + (record.value?.length ?? 0);

interface Entry extends Owned {
  partition: TopicPartition;
  unsettled(): number;
  /** The commit, where there is something new. */
  collect(): (Commit & { dropped: number }) | undefined;
  touch(): void;
  committed(): void;
  lose(): void;
  isPaused(): boolean;
}

interface Shared extends OwnedOptions {
  subscription(): Subscription | undefined;
  stopped(): boolean;
  /** Who waits for a commit that has not begun, of all partitions. */
  waiting: number;
}

const own = (partition: TopicPartition, commit: Commit | undefined, shared: Shared): Entry => {
  const { limit, onChanged, onFewer } = shared;
  const begin = commit?.offset ?? 0;
  const window = settlementWindow(begin, decodeCompleted(begin, commit?.metadata ?? ''));
  let lost = false;
  let paused = false;
  let changed = false;
  /** Who waits for what was settled since the last collect(), and for what that collect() took along. */
  let settledWaiters: (() => void)[] = [];
  let collectedWaiters: (() => void)[] = [];

  const touch = (): void => {
    changed = true;
    onChanged(shared.waiting);
  };

  const balance = (): void => {
    const reach = limit.records * reachOverUnsettled;
    const full = window.unsettled() >= limit.records || window.length() >= reach || window.bytes() >= limit.bytes;
    const { records, bytes } = limit;
    const roomy = window.unsettled() <= records / 2 && window.bytes() <= bytes / 2 && window.length() < reach;
    if (!paused && (full || shared.stopped())) {
      paused = true;
      shared.subscription()?.pause(partition);
    } else if (paused && roomy && !shared.stopped()) {
      paused = false;
      shared.subscription()?.resume(partition);
    }
  };

  return {
    partition,
    admit(record) {
      const isNew = window.admit(record.offset, sizeOf(record));
      // What was done before a restart moves the watermark too.
      if (!isNew) touch();
      return isNew;
    },
    settle(offset, onCommitted) {
      if (lost || !window.settle(offset)) return onCommitted?.();
      if (onCommitted !== undefined) {
        settledWaiters.push(onCommitted);
        shared.waiting++;
      }
      touch();
      if (paused) balance();
      onFewer();
    },
    isCurrent: () => !lost,
    balance,
    unsettled: () => window.unsettled(),
    collect() {
      if (!changed) return undefined;
      changed = false;
      collectedWaiters.push(...settledWaiters);
      settledWaiters = [];
      const { offset, completed } = window.progress();
      const { text, dropped } = encodeCompleted(offset, completed, metadataBytes);
      return { ...partition, offset, metadata: text, dropped };
    },
    touch,
    committed() {
      const done = collectedWaiters;
      collectedWaiters = [];
      for (const tell of done) tell();
    },
    lose() {
      lost = true;
      const waiters = [...collectedWaiters, ...settledWaiters];
      collectedWaiters = [];
      settledWaiters = [];
      for (const tell of waiters) tell();
    },
    isPaused: () => paused,
  };
};

export const openOwned = (options: OwnedOptions): OwnedPartitions => {
  const entries = new Map<string, Entry>();
  let subscription: Subscription | undefined;
  let stopped = false;
  let completionsDropped = 0;
  const shared: Shared = { ...options, subscription: () => subscription, stopped: () => stopped, waiting: 0 };

  const lose = (partition: TopicPartition): void => {
    entries.get(nameOf(partition))?.lose();
    entries.delete(nameOf(partition));
    options.onFewer();
  };

  return {
    of: (partition) => entries.get(nameOf(partition)),
    assign(partition, commit) {
      // The port promises not to, but it does no harm: a partition that we have is not begun again.
      if (entries.has(nameOf(partition))) return undefined;
      const entry = own(partition, commit, shared);
      entries.set(nameOf(partition), entry);
      entry.balance();
      return entry;
    },
    lose,
    loseAll: () => [...entries.values()].forEach((entry) => lose(entry.partition)),
    inFlight() {
      let sum = 0;
      for (const entry of entries.values()) sum += entry.unsettled();
      return sum;
    },
    collect() {
      const commits: Commit[] = [];
      if (subscription === undefined) return commits;
      shared.waiting = 0;
      for (const entry of entries.values()) {
        const found = entry.collect();
        if (found === undefined) continue;
        const { dropped, ...commit } = found;
        completionsDropped += dropped;
        commits.push(commit);
      }
      return commits;
    },
    committed: (commits) => commits.forEach((commit) => entries.get(nameOf(commit))?.committed()),
    giveBack: (commits) => commits.forEach((commit) => entries.get(nameOf(commit))?.touch()),
    completionsDropped: () => completionsDropped,
    attach(joined) {
      subscription = joined;
      for (const entry of entries.values()) if (entry.isPaused()) joined.pause(entry.partition);
      options.onChanged(shared.waiting);
    },
    stopFetching() {
      stopped = true;
      for (const entry of entries.values()) entry.balance();
    },
  };
};
