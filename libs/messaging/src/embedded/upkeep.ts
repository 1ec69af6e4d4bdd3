import type { DroppedRecords } from '../dropped-records.ts';
import type { TopicPartition, TopicSpec } from '../log.ts';
import type { Partition } from './partition.ts';
import type { RunningTime } from './running-time.ts';
import type { FirstRecord, GroupPosition, StoreUpkeep } from './store-upkeep.ts';

/** Retention and compaction, on a timer and on demand. */
export interface Upkeep {
  run(): Promise<void>;
  /** Resolves when a run that is under way has ended. */
  close(): Promise<void>;
}

export interface UpkeepOptions {
  store: StoreUpkeep;
  /** The topics of which a retention is known, with their partitions. */
  topics: () => Iterable<readonly [TopicSpec, readonly Partition[]]>;
  /** Groups that have a member in this process. */
  groupsOf: (topic: string) => Iterable<string>;
  ran: RunningTime;
  /** How long records stay that every group has settled, in milliseconds. */
  settledMs: number;
  intervalMs: number;
  /** Records are past their retention, and a group had not committed them: told after they are gone. */
  onDropped: (dropped: DroppedRecords) => void;
  onError: (error: unknown) => void;
}

/** Where each group that consumes a partition goes on; 0 where it has committed nothing of it yet. */
const positionsIn = (
  { topic, partition }: TopicPartition,
  commits: readonly GroupPosition[],
  members: Iterable<string>,
): readonly GroupPosition[] => {
  const ofTopic = commits.filter((commit) => commit.topic === topic);
  const groups = new Set([...members, ...ofTopic.map(({ group }) => group)]);
  return [...groups].map((group) => {
    const found = ofTopic.find((commit) => commit.group === group && commit.partition === partition);
    return { group, topic, partition, offset: found?.offset ?? 0 };
  });
};

/** A partition as a run of upkeep finds it. */
interface Seen {
  first: FirstRecord;
  positions: readonly GroupPosition[];
}

/** What follows it of the same group and partition, as one. */
const joined = (list: readonly DroppedRecords[]): readonly DroppedRecords[] => {
  const byGroup = new Map<string, DroppedRecords>();
  for (const each of list) {
    const before = byGroup.get(each.group);
    const sum = before && { ...before, to: each.to, count: before.count + each.count };
    byGroup.set(each.group, sum ?? each);
  }
  return [...byGroup.values()];
};

/** A compacted partition to which nothing was added since the last run is left alone, until its tombstones may have aged. */
export const openUpkeep = (options: UpkeepOptions): Upkeep => {
  const { store, topics, groupsOf, ran, settledMs, intervalMs, onDropped, onError } = options;
  const compacted = new Map<Partition, { end: number; atMs: number }>();
  let running: Promise<void> | undefined;
  let closed = false;
  const isClosed = (): boolean => closed;

  const compact = async (spec: TopicSpec, partition: Partition): Promise<void> => {
    const end = partition.end();
    const nowMs = ran.now();
    const last = compacted.get(partition);
    if (last?.end === end && nowMs - last.atMs < spec.retentionMs) return;
    await store.compact(partition, nowMs - spec.retentionMs);
    compacted.set(partition, { end, atMs: nowMs });
  };

  const dropSettled = async (partition: Partition, { first, positions }: Seen): Promise<void> => {
    const below = Math.min(...positions.map(({ offset }) => offset));
    const beforeMs = ran.now() - settledMs;
    // Of nobody's records the minimum is infinite: those are kept.
    let isMore = Number.isFinite(below) && first.offset < below && first.ranMs < beforeMs;
    while (isMore && !isClosed()) isMore = await store.trimSettled(partition, below, beforeMs);
  };

  const dropOld = async (spec: TopicSpec, partition: Partition, { first, positions }: Seen): Promise<void> => {
    const runMs = ran.now();
    const beforeMs = runMs - spec.retentionMs;
    const dropped: DroppedRecords[] = [];
    for (let isMore = first.ranMs < beforeMs; isMore && !isClosed();) {
      const slice = await store.trim(partition, { beforeMs, positions, runMs });
      dropped.push(...slice.dropped);
      ({ isMore } = slice);
    }
    joined(dropped).forEach(onDropped);
  };

  const runOnce = async (): Promise<void> => {
    await store.saveRun(ran.now());
    const all = [...topics()];
    const commits = await store.allCommits();
    const firsts = await store.firstRecords(all.map(([{ name }]) => name));
    for (const [spec, partitions] of all) {
      for (const partition of partitions) {
        if (closed) return;
        if (spec.cleanup === 'compact') {
          await compact(spec, partition);
          continue;
        }
        const first = firsts.find((each) => each.topic === spec.name && each.partition === partition.partition);
        if (first === undefined) continue;
        const seen = { first, positions: positionsIn(partition, commits, groupsOf(spec.name)) };
        await dropSettled(partition, seen);
        await dropOld(spec, partition, seen);
      }
    }
  };

  const run = (): Promise<void> => (running ??= runOnce().finally(() => (running = undefined)));
  const timer = setInterval(() => void run().catch(onError), intervalMs);
  timer.unref();

  return {
    run,
    async close() {
      closed = true;
      clearInterval(timer);
      await running?.catch(() => undefined);
    },
  };
};
