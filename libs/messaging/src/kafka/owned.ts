import { setTimeout as sleep } from 'node:timers/promises';
import type { Commit, ConsumerHandlers, Position, TopicPartition } from '../log.ts';
import { handOverMs } from './hand-over.ts';
import { nameOf } from './names.ts';

/** A partition from when it comes to us until it goes; one that comes back is another object. */
export interface Owned {
  readonly partition: TopicPartition;
  /** The next offset to hand over; undefined until the group's commit for it was read. */
  position: number | undefined;
  isPaused: boolean;
  /** Until when it waits for its former owner, of performance.now(). */
  readonly waitsUntilMs: number;
}

/** What the group has committed for a partition, and who that was, if it was not handed over. */
export interface OwnedCommit extends Commit {
  owner: string | undefined;
}

export interface OwnedOptions {
  handlers: ConsumerHandlers;
  /** What the group has committed. */
  load: () => Promise<readonly OwnedCommit[]>;
  /** Owners of partitions, other than this member, that are in the group: they may hand over still. */
  others: () => Promise<ReadonlySet<string>>;
  /** Commits under this member's name where we go on from, so that the next owner knows of us. */
  announce: (commits: readonly Commit[]) => Promise<void>;
  /** These have moved away from us. */
  moved: (partitions: readonly TopicPartition[]) => void;
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
/** The former owner is asked for so often. */
const askAgainMs = 50;

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

const withoutOwner = ({ topic, partition, offset, metadata }: OwnedCommit): Commit => ({
  topic,
  partition,
  offset,
  metadata,
});

export const openOwnedPartitions = (options: OwnedOptions): OwnedPartitions => {
  const { handlers, load, others, announce, moved, starts, ends, pause, resume, seek, onError } = options;
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

  /** What the group has committed for each that need not wait for its former owner any more. */
  const readyOf = async (gained: readonly Owned[]): Promise<Map<Owned, Commit | undefined>> => {
    const commits = new Map((await load()).map((commit) => [nameOf(commit), commit]));
    const found = gained.map((own) => ({ own, commit: commits.get(nameOf(own.partition)) }));
    const isHeld = ({ own, commit }: (typeof found)[number]): boolean =>
      commit?.owner !== undefined && performance.now() < own.waitsUntilMs;
    const working = found.some(isHeld) ? await others() : new Set<string>();
    const ready = found.filter((each) => !isHeld(each) || !working.has(each.commit?.owner ?? ''));
    return new Map(ready.map(({ own, commit }) => [own, commit && withoutOwner(commit)]));
  };

  /** Begins with those that need not wait; answers the others. */
  const settle = async (gained: readonly Owned[]): Promise<readonly Owned[]> => {
    const ready = await readyOf(gained);
    const waiting = gained.filter((own) => !ready.has(own));
    if (ready.size === 0) return waiting;
    const begun = [...ready.keys()];
    const [first, last] = await Promise.all([offsetsOf(starts, begun), offsetsOf(ends, begun)]);
    const assigned = begun.filter(isCurrent).map((own) => {
      const { topic, partition } = own.partition;
      const begin = first.get(topic)?.[partition] ?? 0;
      const at = within(ready.get(own), begin, last.get(topic)?.[partition] ?? 0, onError);
      return { own, ...at, partition: own.partition };
    });
    await announce(
      assigned.map(({ partition, position, commit }) => ({
        ...partition,
        offset: position,
        metadata: commit?.metadata ?? '',
      })),
    );
    const current = assigned.filter(({ own }) => isCurrent(own));
    for (const { own, position } of current) own.position = position;
    if (current.length > 0) handlers.assigned(current.map(({ partition, commit }) => ({ partition, commit })));
    for (const { own, partition, position } of current) {
      seek({ ...partition, offset: position });
      if (!own.isPaused) resume(partition);
    }
    return waiting;
  };

  const introduce = async (gained: readonly Owned[]): Promise<void> => {
    for (let left = gained; left.length > 0; left = left.filter(isCurrent)) {
      try {
        left = await settle(left);
        if (left.length > 0) await sleep(askAgainMs);
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
          return { partition, position: undefined, isPaused: false, waitsUntilMs };
        });
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
