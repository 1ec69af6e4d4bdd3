import type { Commit, Subscription, TopicPartition } from '../log.ts';
import { nameOf, openLeaving, type LeavingOptions } from './leaving.ts';
import { openOwnership, type Ownership, type OwnershipLimits, type Settled } from './ownership.ts';

/** What a worker sees of a partition while it is ours. */
export type Owned = Pick<Ownership, 'admit' | 'settle' | 'release' | 'isCurrent' | 'balance' | 'life' | 'touch'>;

/** The partitions that are ours. */
export interface OwnedPartitions {
  of(partition: TopicPartition): Owned | undefined;
  /** It is ours, or its next owner waits until we hand it over: what concerns it may be written. */
  owns(partition: TopicPartition): boolean;
  /** What is begun; undefined where the partition is ours already. */
  assign(partition: TopicPartition, commit: Commit | undefined): Owned | undefined;
  /** It has moved away. It is handed over when nothing of it is under way any more: call `handOverIdle` when that may be so. */
  lose(partition: TopicPartition): void;
  /** Hands over what was lost and has nothing under way. */
  handOverIdle(): void;
  /** We leave in order: the next commits take back what they said of our life. */
  endLives(): void;
  /** Nothing is ours any more, and nothing is handed over. */
  end(): void;
  /** Records that are neither settled nor released, of partitions that have moved away too. */
  inFlight(): number;
  /** What has changed since it was called last, to be committed: one commit at a time. */
  collect(): readonly Commit[];
  /** What was collected last is committed: who waits for that is told. */
  committed(): void;
  /** What was collected last could not be committed: it has changed still. */
  giveBack(): void;
  /** Completions that did not fit into the metadata of a commit. */
  completionsDropped(): number;
  /** Where pauses and resumes go; until it is known they are kept. */
  attach(subscription: Subscription): void;
  /** Pauses everything, for good: nothing more may be begun. */
  stop(): void;
}

export interface OwnedOptions extends Pick<LeavingOptions, 'conclude' | 'onGone' | 'onTaken' | 'onFailure'> {
  limit: OwnershipLimits;
  /** There is something to commit, and so many wait for it. */
  onChanged: (waiting: number) => void;
  /** A record was settled or released, or a partition lost. */
  onFewer: () => void;
}

/** What is in the commit that is on its way: a partition that has moved and come back meanwhile is another. */
const openCollecting = (entries: ReadonlyMap<string, Ownership>, commitOf: (entry: Ownership) => Commit) => {
  let collected: readonly Ownership[] = [];
  return {
    collect: (): readonly Commit[] => {
      collected = [...entries.values()].filter((entry) => entry.isChanged());
      return collected.map(commitOf);
    },
    committed: (): void => collected.forEach(({ committed }) => committed()),
    giveBack: (): void => collected.forEach(({ touch }) => touch()),
  };
};

/** Partitions that have moved away, as they were last ours: what is settled stays so, whoever has them now. */
const openFormer = () => {
  const entries = new Map<string, Ownership>();
  return {
    add: (entry: Ownership): void => void entries.set(nameOf(entry.partition), entry),
    /** One has come back: it begins with what was settled, and is told of what is settled still. */
    goOn(
      partition: TopicPartition,
      commit: Commit | undefined,
      open: (settled: Settled | undefined) => Ownership,
    ): Ownership {
      const last = entries.get(nameOf(partition));
      entries.delete(nameOf(partition));
      const settled = last?.settledBeyond(commit);
      const entry = open(settled);
      if (settled !== undefined) last?.continueIn(entry);
      return entry;
    },
    clear: (): void => entries.clear(),
  };
};

/** How many completions did not fit into commits, and what such a commit is without that. */
const openCommitting = () => {
  let completionsDropped = 0;
  return {
    completionsDropped: () => completionsDropped,
    commitOf(entry: Ownership): Commit {
      const { dropped, ...commit } = entry.commit();
      completionsDropped += dropped;
      return commit;
    },
  };
};

export const openOwned = (options: OwnedOptions): OwnedPartitions => {
  const entries = new Map<string, Ownership>();
  const former = openFormer();
  let subscription: Subscription | undefined;
  let stopped = false;
  /** Who waits for a commit that has not begun, of all partitions. */
  let waiting = 0;

  const { commitOf, completionsDropped } = openCommitting();
  const collecting = openCollecting(entries, commitOf);
  const owns = (partition: TopicPartition): boolean =>
    entries.has(nameOf(partition)) || subscription?.isAwaited(partition) === true;
  const leaving = openLeaving({
    ...options,
    subscription: () => subscription,
    commitOf,
  });

  const shared = {
    limit: options.limit,
    subscription: () => subscription,
    isStopped: () => stopped,
    onWaiting: () => void waiting++,
    onChanged: () => options.onChanged(waiting),
    onFewer: () => {
      leaving.handOverIdle();
      options.onFewer();
    },
  };

  return {
    of: (partition) => entries.get(nameOf(partition)),
    owns,
    assign(partition, commit) {
      // The port promises not to, but it does no harm: a partition that we have is not begun again.
      if (entries.has(nameOf(partition))) return undefined;
      const entry = former.goOn(partition, commit, (settled) => openOwnership(partition, commit, shared, settled));
      entries.set(nameOf(partition), entry);
      leaving.comeBack(partition);
      entry.balance();
      return entry;
    },
    lose(partition) {
      const entry = entries.get(nameOf(partition));
      if (entry === undefined || !entries.delete(nameOf(partition))) return;
      entry.lose();
      former.add(entry);
      leaving.add(entry);
      options.onFewer();
    },
    handOverIdle: leaving.handOverIdle,
    endLives: () => entries.forEach((entry) => entry.life.end()),
    end() {
      for (const entry of entries.values()) {
        entry.lose();
        entry.forget();
      }
      entries.clear();
      former.clear();
      leaving.end();
      options.onFewer();
    },
    inFlight: () => [...entries.values()].reduce((sum, entry) => sum + entry.inFlight(), leaving.inFlight()),
    collect() {
      if (subscription === undefined) return [];
      waiting = 0;
      return collecting.collect();
    },
    committed: collecting.committed,
    giveBack: collecting.giveBack,
    completionsDropped,
    attach(joined) {
      subscription = joined;
      for (const entry of entries.values()) if (entry.isPaused()) joined.pause(entry.partition);
      options.onChanged(waiting);
    },
    stop() {
      stopped = true;
      for (const entry of entries.values()) entry.balance();
    },
  };
};
