import type { Commit, LogRecord, Subscription, TopicPartition } from '../log.ts';
import { readMetadata, writeMetadata, type CommitMetadata } from './commit-metadata.ts';
import { doneByEither, type OffsetRange } from './completed-offsets.ts';
import type { LifeMark } from './life-mark.ts';
import { settlementWindow, type SettlementWindow } from './window.ts';

/**
 * A partition while it is ours, and until it is handed over. One that moves away and comes back is another object: this is
 * the ownership epoch, which rises only when a partition really moves.
 */
export interface Ownership {
  readonly partition: TopicPartition;
  /** False where the record was in hand or done before: drop it. */
  admit(record: LogRecord): boolean;
  /** @param onCommitted called once when that is committed, or when the partition is forgotten */
  settle(offset: number, onCommitted?: () => void): void;
  /** Nothing was begun for it, and nobody waits for it. */
  release(offset: number): void;
  /** Something may be begun: it is ours, and the worker goes on. */
  isCurrent: () => boolean;
  /** Pauses a full partition, resumes one with room. */
  balance(): void;
  /** Records that are neither settled nor released. */
  inFlight(): number;
  /** What is settled; there is nothing new after it. `dropped` completions did not fit into its metadata. */
  commit(): Commit & { dropped: number };
  /** There is something new to commit. */
  isChanged(): boolean;
  touch(): void;
  committed(): void;
  /** It has moved away: nothing is begun any more. What was begun may still be settled. */
  lose(): void;
  /** Whatever is settled from now on counts for nothing; who waits for a commit is told. */
  forget(): void;
  isPaused(): boolean;
  readonly life: Life;
  /** How far everything is settled, and what is settled beyond. Undefined where the group has gone back since. */
  settledBeyond(commit: Commit | undefined): Settled | undefined;
  /** What is settled from now on is settled there too. */
  continueIn(successor: Pick<Ownership, 'done'>): void;
  /** It was done when it was ours before. */
  done(offset: number): void;
}

/** Every record below the offset, and those of the ranges. */
export interface Settled {
  offset: number;
  completed: readonly OffsetRange[];
}

export interface Life {
  /** What the owner before us said last; undefined where it left in order. */
  readonly before: LifeMark | undefined;
  /** How many records up to its newest one were not done. */
  readonly inHandBefore: number;
  /** Offsets below it may have been begun by an owner before us that had no last word. @default 0 */
  begunBelow: number;
  /** What our commits say. */
  mark: LifeMark | undefined;
  /** We leave in order. */
  end(): void;
}

export interface OwnershipLimits {
  records: number;
  bytes: number;
}

/** What all partitions of a worker share. */
export interface OwnershipContext {
  limit: OwnershipLimits;
  subscription(): Subscription | undefined;
  isStopped(): boolean;
  /** One more waits for a commit. */
  onWaiting(): void;
  /** There is something to commit. */
  onChanged(): void;
  /** Fewer are in flight. */
  onFewer(): void;
}

/**
 * How much further than its unsettled records a window may reach: one slow record must not stop the partition. Completions
 * beyond the oldest unsettled record must fit into the metadata of a commit, and 20,000 records do (completed-offsets.ts).
 */
const reachOverUnsettled = 10;

const nothingCommitted = { offset: 0, metadata: '' };

const sizeOf = (record: LogRecord): number => record.key.length + (record.value?.length ?? 0);

/** Who waits until what was settled is committed. */
const openWaiters = () => {
  /** For what was settled since the last collect(), and for what that one took along. */
  let settled: (() => void)[] = [];
  let collected: (() => void)[] = [];
  const tellAll = (waiters: readonly (() => void)[]): void => waiters.forEach((tell) => tell());
  return {
    add: (waiter: () => void): void => void settled.push(waiter),
    collect(): void {
      collected.push(...settled);
      settled = [];
    },
    committed(): void {
      const done = collected;
      collected = [];
      tellAll(done);
    },
    tellAll(): void {
      const all = [...collected, ...settled];
      collected = [];
      settled = [];
      tellAll(all);
    },
  };
};

const isFull = (window: SettlementWindow, { records, bytes }: OwnershipLimits): boolean =>
  window.unsettled() >= records || window.length() >= records * reachOverUnsettled || window.bytes() >= bytes;

const isRoomy = (window: SettlementWindow, { records, bytes }: OwnershipLimits): boolean =>
  window.unsettled() <= records / 2 && window.bytes() <= bytes / 2 && window.length() < records * reachOverUnsettled;

/** Pauses a partition of which too much is unsettled, or when the worker stops, and resumes it where there is room. */
const openPausing = (
  partition: TopicPartition,
  window: SettlementWindow,
  { limit, subscription, isStopped }: OwnershipContext,
  isLost: () => boolean,
) => {
  let paused = false;
  return {
    isPaused: () => paused,
    balance: (): void => {
      if (isLost()) return;
      if (!paused && (isFull(window, limit) || isStopped())) {
        paused = true;
        subscription()?.pause(partition);
      } else if (paused && isRoomy(window, limit) && !isStopped()) {
        paused = false;
        subscription()?.resume(partition);
      }
    },
  };
};

/** How many records up to the newest of the mark were not done. */
const inHandOf = (offset: number, { life, completed }: CommitMetadata): number => {
  const { newest } = life ?? { newest: offset - 1 };
  const done = completed.reduce((sum, { first, last }) => sum + Math.max(0, Math.min(last, newest) - first + 1), 0);
  return newest - offset + 1 - done;
};

/**
 * What is known to be settled when a partition becomes ours, and what the owner before said of its life: nothing where that
 * was this worker, which has ended no life.
 */
const beginOf = (commit: Pick<Commit, 'offset' | 'metadata'> = nothingCommitted, settled?: Settled) => {
  const said = readMetadata(commit);
  const { life: before, completed } = said;
  if (settled === undefined)
    return { window: settlementWindow(commit.offset, completed), before, inHandBefore: inHandOf(commit.offset, said) };
  const begin = Math.max(commit.offset, settled.offset);
  return {
    window: settlementWindow(begin, doneByEither(begin, completed, settled.completed)),
    before: undefined,
    inHandBefore: 0,
  };
};

/** What a partition leaves to us for when it comes back. */
const openContinuing = (window: SettlementWindow, begin: number) => {
  let committed = begin;
  let collected = begin;
  let successor: Pick<Ownership, 'done'> | undefined;
  const ours: Pick<Ownership, 'settledBeyond' | 'continueIn'> = {
    settledBeyond: (commit) => ((commit?.offset ?? 0) < committed ? undefined : window.progress()),
    continueIn: (next) => void (successor = next),
  };
  return {
    ours,
    collect: (offset: number): void => void (collected = offset),
    committed: (): void => void (committed = collected),
    settled: (offset: number): void => successor?.done(offset),
  };
};

const openLife = (before: LifeMark | undefined, inHandBefore: number, onChanged: () => void): Life => {
  const life: Life = {
    before,
    inHandBefore,
    begunBelow: 0,
    mark: before,
    end() {
      if (life.mark !== undefined) onChanged();
      life.mark = undefined;
    },
  };
  return life;
};

export const openOwnership = (
  partition: TopicPartition,
  commit: Commit | undefined,
  context: OwnershipContext,
  settled?: Settled,
): Ownership => {
  const { isStopped, onWaiting, onChanged, onFewer } = context;
  const { window, before, inHandBefore } = beginOf(commit, settled);
  const pausing = openPausing(partition, window, context, () => lost);
  const continuing = openContinuing(window, commit?.offset ?? 0);
  const waiters = openWaiters();
  const released = new Set<number>();
  let lost = false;
  let forgotten = false;
  let changed = false;

  const touch = (): void => {
    changed = true;
    if (!lost) onChanged();
  };
  const life = openLife(before, inHandBefore, touch);

  const fewer = (): void => {
    touch();
    if (pausing.isPaused()) pausing.balance();
    onFewer();
  };

  return {
    ...pausing,
    ...continuing.ours,
    partition,
    admit(record) {
      const isNew = window.admit(record.offset, sizeOf(record));
      // What was done before a restart moves the watermark too.
      if (!isNew) touch();
      return isNew;
    },
    settle(offset, onCommitted) {
      if (forgotten || !window.settle(offset)) return onCommitted?.();
      continuing.settled(offset);
      released.delete(offset);
      if (onCommitted !== undefined) {
        waiters.add(onCommitted);
        onWaiting();
      }
      fewer();
    },
    release(offset) {
      if (forgotten || !window.isUnsettled(offset)) return;
      released.add(offset);
      onFewer();
    },
    isCurrent: () => !lost && !isStopped(),
    inFlight: () => (forgotten ? 0 : window.unsettled() - released.size),
    commit() {
      changed = false;
      waiters.collect();
      const { offset, completed: done } = window.progress();
      continuing.collect(offset);
      return { ...partition, offset, ...writeMetadata(offset, { life: life.mark, completed: done }) };
    },
    isChanged: () => changed,
    touch,
    committed() {
      // What moves away meanwhile is left out of a commit.
      if (!lost) continuing.committed();
      waiters.committed();
    },
    lose() {
      lost = true;
      life.end();
    },
    forget() {
      forgotten = true;
      waiters.tellAll();
    },
    life,
    done(offset) {
      window.done(offset);
      released.delete(offset);
      fewer();
    },
  };
};
