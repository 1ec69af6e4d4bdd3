import { handOverMs, type TopicPartition } from '../log.ts';
import { makeIntroduce, type IntroduceOptions } from './introduce.ts';
import { nameOf } from './names.ts';

/** A partition from when it comes to us until it goes; one that comes back is another object. */
export interface Owned {
  readonly partition: TopicPartition;
  /** The next offset to hand over; undefined until the group's commit for it was read. */
  position: number | undefined;
  isPaused: boolean;
  /** Of the last record that was handed over. */
  lastAtMs: number;
  /** Until when it waits for its former owner, of performance.now(). */
  readonly waitsUntilMs: number;
}

export type OwnedOptions = Omit<IntroduceOptions, 'isCurrent'> & {
  /** These have moved away from us. */
  moved: (partitions: readonly TopicPartition[]) => void;
  pause: (partition: TopicPartition) => void;
};

export interface OwnedPartitions {
  of(partition: TopicPartition): Owned | undefined;
  /** These are ours from now on: says what has gone and, when its commit is read, what has come. */
  replace(partitions: readonly TopicPartition[]): void;
  /** The group may have given everything to others: nothing is ours, and it is still claimed when the group forms anew. */
  drop(): void;
  setPaused(partition: TopicPartition, isPaused: boolean): void;
  /** It is ours still, and begins anew at that offset: what is in hand of it counts for nothing. */
  beginAnew(own: Owned, offset: number): void;
  claim(): { partitions: readonly TopicPartition[]; claimedAtMs: number };
  /** Nothing is said any more. */
  stop(): void;
}

export const openOwnedPartitions = (options: OwnedOptions): OwnedPartitions => {
  const { handlers, moved, pause, resume, seek } = options;
  const entries = new Map<string, Owned>();
  let claim: { partitions: readonly TopicPartition[]; claimedAtMs: number } = { partitions: [], claimedAtMs: 0 };
  let stopped = false;

  const isCurrent = (own: Owned): boolean => !stopped && entries.get(nameOf(own.partition)) === own;

  const introduce = makeIntroduce({ ...options, isCurrent });

  const become = (partitions: readonly TopicPartition[]): void => {
    const names = new Set(partitions.map(nameOf));
    const lost = [...entries.values()].filter((own) => !names.has(nameOf(own.partition)));
    for (const own of lost) entries.delete(nameOf(own.partition));
    const known = lost.filter((own) => own.position !== undefined).map((own) => own.partition);
    moved(known);
    if (known.length > 0) handlers.revoked(known);
    // kafkajs would fetch again what lies between the commit and our position.
    for (const own of entries.values())
      if (own.position !== undefined) seek({ ...own.partition, offset: own.position });
    const gained = partitions
      .filter((partition) => !entries.has(nameOf(partition)))
      .map((partition): Owned => {
        const waitsUntilMs = performance.now() + handOverMs;
        return { partition, position: undefined, isPaused: false, lastAtMs: 0, waitsUntilMs };
      });
    for (const own of gained) {
      entries.set(nameOf(own.partition), own);
      pause(own.partition);
    }
    void introduce(gained);
  };

  return {
    of: (partition) => entries.get(nameOf(partition)),
    replace(partitions) {
      if (stopped) return;
      claim = { partitions, claimedAtMs: Date.now() };
      become(partitions);
    },
    drop() {
      if (!stopped) become([]);
    },
    setPaused(partition, isPaused) {
      const own = entries.get(nameOf(partition));
      if (own === undefined) return;
      own.isPaused = isPaused;
      if (isPaused) pause(partition);
      else if (own.position !== undefined) resume(partition);
    },
    beginAnew(own, offset) {
      const { partition } = own;
      if (!isCurrent(own)) return;
      const next: Owned = { ...own, position: offset, isPaused: false };
      entries.set(nameOf(partition), next);
      handlers.revoked([partition]);
      handlers.assigned([{ partition, commit: { ...partition, offset, metadata: '' } }]);
      seek({ ...partition, offset });
      if (!next.isPaused) resume(partition);
    },
    claim: () => claim,
    stop: () => void (stopped = true),
  };
};
