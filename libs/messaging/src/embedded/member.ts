import { Fault } from '@bellwire/errors';
import { withinExtent, type DroppedRecords } from '../dropped-records.ts';
import type { Commit, ConsumeOptions, Subscription, TopicPartition } from '../log.ts';
import { openCursor, type Cursor } from './cursor.ts';
import type { Partition } from './partition.ts';
import type { Store } from './store.ts';

/** Who is a member of what: one member for each group and topic. */
export interface Members {
  /** Throws a sentence where the group has a member already; returns how to leave. */
  join(group: string, topics: readonly string[]): () => void;
  /** Groups that have a member for the topic. */
  of(topic: string): readonly string[];
}

export const openMembers = (): Members => {
  const groups = new Map<string, Set<string>>();
  return {
    join(group, topics) {
      const taken = groups.get(group) ?? new Set();
      groups.set(group, taken);
      for (const topic of topics)
        if (taken.has(topic))
          throw new Error(`Group "${group}" has a member for topic "${topic}" already: the embedded log takes one.`);
      for (const topic of topics) taken.add(topic);
      return () => topics.forEach((topic) => taken.delete(topic));
    },
    of: (topic) => [...groups].flatMap(([group, taken]) => (taken.has(topic) ? [group] : [])),
  };
};

export interface MemberOptions {
  consume: ConsumeOptions;
  partitions: readonly Partition[];
  commits: readonly Commit[];
  /** Offset of its first record, or its end where it had none. */
  firstOf: (partition: Partition) => number;
  store: Store;
  onDropped: (dropped: DroppedRecords) => void;
  onError: (error: unknown) => void;
  onClosed: () => void;
}

/** The one member of a group: has every partition from the beginning to the end of its life. */
export const openMember = (options: MemberOptions): Subscription => {
  const { consume, partitions, commits, firstOf, store, onDropped, onError, onClosed } = options;
  const cursors = new Map<string, Cursor>();
  const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}\n${partition}`;
  const assigned = partitions.map((own) => {
    const partition: TopicPartition = { topic: own.topic, partition: own.partition };
    const found = commits.find((commit) => nameOf(commit) === nameOf(partition));
    const extent = { first: firstOf(own), end: own.end() };
    const commit = found && withinExtent(found, consume.group, extent, { onDropped, onError });
    const cursor = openCursor({
      partition: own,
      fromOffset: commit?.offset ?? 0,
      fetchBytes: consume.fetchBytes,
      read: store.read,
      deliver: (batch) => consume.handlers.records(batch),
      onError,
    });
    cursors.set(nameOf(partition), cursor);
    return { partition, commit };
  });

  let left = false;
  let committing: Promise<void> = Promise.resolve();

  setImmediate(() => {
    if (left) return;
    consume.handlers.assigned(assigned);
    for (const cursor of cursors.values()) cursor.start();
  });

  return {
    isHeard: () => true,
    pause: (partition) => cursors.get(nameOf(partition))?.pause(),
    resume: (partition) => cursors.get(nameOf(partition))?.resume(),
    async commit(saved) {
      if (left) throw new Fault('STOPPING', 'The consumer has left its group.');
      const next = committing.then(() => store.saveCommits(consume.group, saved));
      committing = next.catch(() => undefined);
      await next;
    },
    // No partition ever moves.
    isAwaited: () => false,
    handOver: async () => undefined,
    async close() {
      if (left) return;
      left = true;
      await Promise.all([...cursors.values()].map((cursor) => cursor.close()));
      await committing;
      onClosed();
    },
  };
};
