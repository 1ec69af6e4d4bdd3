import { setTimeout as sleep } from 'node:timers/promises';
import type { Commit, ConsumerHandlers, Position, TopicPartition } from '../log.ts';
import { nameOf } from './names.ts';

/** A partition from when it comes to us until it goes; one that comes back is another object. */
export interface Owned {
  readonly partition: TopicPartition;
  /** The next offset to hand over; undefined until the group's commit for it was read. */
  position: number | undefined;
  isPaused: boolean;
}

export interface OwnedOptions {
  handlers: ConsumerHandlers;
  /** What the group has committed. */
  load: () => Promise<readonly Commit[]>;
  starts: (topic: string) => Promise<readonly number[]>;
  ends: (topic: string) => Promise<readonly number[]>;
  pause: (partition: TopicPartition) => void;
  resume: (partition: TopicPartition) => void;
  seek: (position: Position) => void;
  onError: (error: unknown) => void;
}

export interface OwnedPartitions {
  of(partition: TopicPartition): Owned | undefined;
  /** These are ours from now on: says what has gone and, when its commit is read, what has come. */
  replace(partitions: readonly TopicPartition[]): void;
  setPaused(partition: TopicPartition, isPaused: boolean): void;
  claim(): { partitions: readonly TopicPartition[]; claimedAtMs: number };
  /** Nothing is said any more. */
  stop(): void;
}

const retryMs = 100;

/** Where to go on: never before the first record nor beyond the last, and not without a word. */
const within = (commit: Commit | undefined, start: number, end: number, onError: (error: unknown) => void) => {
  const name = commit === undefined ? '' : `Partition ${commit.partition} of "${commit.topic}"`;
  if (commit === undefined) return { position: start, commit };
  if (commit.offset < start) {
    onError(new Error(`${name}: records from ${commit.offset} to ${start - 1} were dropped before they were read.`));
    return { position: start, commit: { ...commit, offset: start, metadata: '' } };
  }
  if (commit.offset > end) {
    onError(new Error(`${name} ends at ${end} but ${commit.offset} is committed: records were lost.`));
    return { position: end, commit: { ...commit, offset: end, metadata: '' } };
  }
  return { position: commit.offset, commit };
};

export const openOwnedPartitions = (options: OwnedOptions): OwnedPartitions => {
  const { handlers, load, starts, ends, pause, resume, seek, onError } = options;
  const entries = new Map<string, Owned>();
  let claimedAtMs = 0;
  let stopped = false;

  const isCurrent = (own: Owned): boolean => !stopped && entries.get(nameOf(own.partition)) === own;

  const offsetsOf = async (
    ask: (topic: string) => Promise<readonly number[]>,
    list: readonly Owned[],
  ): Promise<Map<string, readonly number[]>> => {
    const topics = [...new Set(list.map((own) => own.partition.topic))];
    return new Map(await Promise.all(topics.map(async (topic) => [topic, await ask(topic)] as const)));
  };

  const settle = async (gained: readonly Owned[]): Promise<void> => {
    const [commits, first, last] = await Promise.all([load(), offsetsOf(starts, gained), offsetsOf(ends, gained)]);
    const current = gained.filter(isCurrent);
    const assigned = current.map((own) => {
      const { topic, partition } = own.partition;
      const found = commits.find((commit) => nameOf(commit) === nameOf(own.partition));
      const begin = first.get(topic)?.[partition] ?? 0;
      const { position, commit } = within(found, begin, last.get(topic)?.[partition] ?? 0, onError);
      own.position = position;
      return { partition: own.partition, commit };
    });
    if (assigned.length > 0) handlers.assigned(assigned);
    for (const own of current) {
      seek({ ...own.partition, offset: own.position ?? 0 });
      if (!own.isPaused) resume(own.partition);
    }
  };

  const introduce = async (gained: readonly Owned[]): Promise<void> => {
    for (let left = gained; left.length > 0; left = left.filter(isCurrent)) {
      try {
        return await settle(left);
      } catch (error) {
        onError(error);
        await sleep(retryMs);
      }
    }
  };

  return {
    of: (partition) => entries.get(nameOf(partition)),
    replace(partitions) {
      if (stopped) return;
      claimedAtMs = Date.now();
      const names = new Set(partitions.map(nameOf));
      const lost = [...entries.values()].filter((own) => !names.has(nameOf(own.partition)));
      for (const own of lost) entries.delete(nameOf(own.partition));
      const known = lost.filter((own) => own.position !== undefined);
      if (known.length > 0) handlers.revoked(known.map((own) => own.partition));
      // kafkajs would fetch again what lies between the commit and our position.
      for (const own of entries.values())
        if (own.position !== undefined) seek({ ...own.partition, offset: own.position });
      const gained = partitions
        .filter((partition) => !entries.has(nameOf(partition)))
        .map((partition): Owned => ({ partition, position: undefined, isPaused: false }));
      for (const own of gained) {
        entries.set(nameOf(own.partition), own);
        pause(own.partition);
      }
      void introduce(gained);
    },
    setPaused(partition, isPaused) {
      const own = entries.get(nameOf(partition));
      if (own === undefined) return;
      own.isPaused = isPaused;
      if (isPaused) pause(partition);
      else if (own.position !== undefined) resume(partition);
    },
    claim: () => ({ partitions: [...entries.values()].map((own) => own.partition), claimedAtMs }),
    stop: () => void (stopped = true),
  };
};
