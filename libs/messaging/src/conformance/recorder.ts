import type { DroppedRecords } from '../dropped-records.ts';
import type { Commit, Log, LogRecord, NewRecord, Position, Subscription, TopicPartition, TopicSpec } from '../log.ts';

/** An adapter under test, on a store of its own. */
export interface LogHarness {
  /** Opens the log. After close(), a second call opens what the first one left. */
  open(): Promise<Log>;
  /** A second process on the same log, where the adapter allows it. */
  openAnother?(): Promise<Log>;
  /** A second process that can be killed: it says good-bye to nobody. Groups only. */
  openMortal?(): Promise<{ log: Log; kill(): Promise<void> }>;
  /** Drops the records of a partition below an offset, as a retention does that is too short for a backlog. */
  dropBelow(position: Position): Promise<void>;
  /** What the logs that it opened have told of records that were dropped before a group had read them. */
  dropped: readonly DroppedRecords[];
  /** Compacts and drops what is past its retention now; left out where nobody can ask for that. */
  upkeep?(log: Log): Promise<void>;
  dispose(): Promise<void>;
}

/** Waits for a condition; fails with its own text after 15 s (Kafka's first rebalance takes several). */
export const eventually = async (condition: () => boolean, limitMs = 15_000): Promise<void> => {
  for (const giveUpAt = Date.now() + limitMs; !condition();) {
    if (Date.now() > giveUpAt) throw new Error(`not within ${limitMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

/** A member of a group that writes down what it is told. */
export interface Recorder {
  records: LogRecord[];
  /** In order: what was gained and lost. */
  moves: { kind: 'assigned' | 'revoked'; partition: TopicPartition; commit?: Commit | undefined }[];
  /** Partitions that it has now. */
  owned(): string[];
  subscription: Subscription;
}

/** @param handsOver what moves away goes on at once from what this member has committed; else its next owner waits */
export const join = async (
  log: Log,
  group: string,
  topics: readonly string[],
  { handsOver = true } = {},
): Promise<Recorder> => {
  const records: LogRecord[] = [];
  const moves: Recorder['moves'] = [];
  const owned = new Set<string>();
  const committed = new Map<string, Commit>();
  const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
  const handOver = (partition: TopicPartition): void => {
    const commit = committed.get(nameOf(partition)) ?? { ...partition, offset: 0, metadata: '' };
    if (handsOver) void joined.handOver(commit).catch(() => undefined);
  };
  const joined = await log.consume({
    topics,
    group,
    handlers: {
      assigned: (list) =>
        list.forEach(({ partition, commit }) => {
          moves.push({ kind: 'assigned', partition, commit });
          if (commit === undefined) committed.delete(nameOf(partition));
          else committed.set(nameOf(partition), commit);
          owned.add(nameOf(partition));
        }),
      revoked: (list) =>
        list.forEach((partition) => {
          moves.push({ kind: 'revoked', partition });
          owned.delete(nameOf(partition));
          handOver(partition);
        }),
      records: (batch) => void records.push(...batch),
    },
  });
  const subscription: Subscription = {
    ...joined,
    commit: async (commits) => {
      await joined.commit(commits);
      for (const commit of commits) if (owned.has(nameOf(commit))) committed.set(nameOf(commit), commit);
    },
  };
  return { records, moves, owned: () => [...owned].sort(), subscription };
};

export const dayMs = 24 * 60 * 60 * 1000;

export const spec = (name: string, partitions = 4, changes: Partial<TopicSpec> = {}): TopicSpec => ({
  name,
  partitions,
  retentionMs: 7 * dayMs,
  cleanup: 'delete',
  ...changes,
});

export const record = (topic: string, key: string, text: string): NewRecord => ({
  topic,
  key,
  value: Buffer.from(text),
});

export const texts = (records: readonly LogRecord[]): string[] =>
  records.map((r) => Buffer.from(r.value ?? []).toString());
