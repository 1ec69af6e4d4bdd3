import { Fault } from '@bellwire/errors';
import type { Commit, ConsumeOptions, Subscription, TopicPartition } from '../log.ts';
import { openCursor, type Cursor } from './cursor.ts';
import type { Partition } from './partition.ts';
import type { Store } from './store.ts';

/** Who is a member of what: one member for each group and topic. */
export interface Members {
  /** Throws a sentence where the group has a member already; returns how to leave. */
  join(group: string, topics: readonly string[]): () => void;
}

export const openMembers = (): Members => {
  const taken = new Set<string>();
  return {
    join(group, topics) {
      for (const topic of topics)
        if (taken.has(`${group}\n${topic}`))
          throw new Error(`Group "${group}" has a member for topic "${topic}" already: the embedded log takes one.`);
      for (const topic of topics) taken.add(`${group}\n${topic}`);
      return () => topics.forEach((topic) => taken.delete(`${group}\n${topic}`));
    },
  };
};

export interface MemberOptions {
  consume: ConsumeOptions;
  partitions: readonly Partition[];
  commits: readonly Commit[];
  store: Store;
  onError: (error: unknown) => void;
  onClosed: () => void;
}

/** A commit beyond the end means that the database is older than the commit: new records must not pass for done. */
const withinEnd = (partition: Partition, commit: Commit | undefined, onError: (error: unknown) => void) => {
  const end = partition.end();
  if (commit === undefined || commit.offset <= end) return commit;
  const name = `Partition ${partition.partition} of "${partition.topic}"`;
  onError(
    new Error(`${name} ends at ${end} but ${commit.offset} is committed: records were lost. Going on from ${end}.`),
  );
  return { ...commit, offset: end, metadata: '' };
};

/** The one member of a group: has every partition from the beginning to the end of its life. */
export const openMember = (options: MemberOptions): Subscription => {
  const { consume, partitions, commits, store, onError, onClosed } = options;
  const cursors = new Map<string, Cursor>();
  const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}\n${partition}`;
  const assigned = partitions.map((own) => {
    const partition: TopicPartition = { topic: own.topic, partition: own.partition };
    const found = commits.find((commit) => nameOf(commit) === nameOf(partition));
    const commit = withinEnd(own, found, onError);
    const cursor = openCursor({
      partition: own,
      fromOffset: commit?.offset ?? 0,
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
