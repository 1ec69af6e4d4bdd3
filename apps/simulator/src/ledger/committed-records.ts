import { readMetadata, topicNames, type Commit, type Position } from '@bellwire/messaging';
import type { Tracked } from './lines.ts';
import type { Violations } from './violations.ts';

/** Which records of the groups that settle their work are committed, and which are not. */
export interface CommittedRecords {
  track(tracked: Tracked): void;
  /** What the group has committed now. */
  update(group: string, commits: readonly Commit[]): void;
  /** Records that are not committed. */
  unsettled(): number;
  describeUnsettled(most: number): string[];
}

export const groupOf = (topic: string): string | undefined => {
  if (topic === topicNames.events) return 'router';
  if (topic === topicNames.deliveries) return 'deliverer';
  return topic.startsWith(topicNames.retries('')) ? 'delayer' : undefined;
};

interface Partition {
  records: Tracked[];
  /** Everything below is settled. */
  from: number;
  commit: Commit | undefined;
}

export interface CommittedRecordsDeps {
  violations: Violations;
  /** A record is committed now, or is not any more. */
  onSettled(tracked: Tracked): void;
}

export const openCommittedRecords = ({ violations, onSettled }: CommittedRecordsDeps): CommittedRecords => {
  const partitions = new Map<string, Partition>();
  let unsettled = 0;

  const of = ({ topic, partition }: Pick<Position, 'topic' | 'partition'>): Partition => {
    const name = `${topic}/${partition}`;
    const known = partitions.get(name);
    if (known !== undefined) return known;
    const made = { records: [], from: 0, commit: undefined };
    partitions.set(name, made);
    return made;
  };

  const settle = (tracked: Tracked): void => {
    tracked.isSettled = true;
    unsettled--;
    onSettled(tracked);
  };

  const updateOne = (commit: Commit): void => {
    const known = of(commit);
    const { commit: before, records } = known;
    if (before?.offset === commit.offset && before.metadata === commit.metadata) return;
    if (before !== undefined && commit.offset < before.offset)
      violations.add('commit_went_back', `${commit.topic}/${commit.partition}: ${before.offset} to ${commit.offset}`);
    known.commit = commit;
    const { completed: done } = readMetadata(commit);
    const isDone = (offset: number): boolean =>
      offset < commit.offset || done.some(({ first, last }) => first <= offset && offset <= last);
    for (let offset = known.from; offset < records.length; offset++) {
      const tracked = records[offset];
      if (tracked !== undefined && !tracked.isSettled && isDone(offset)) settle(tracked);
    }
    known.from = Math.max(known.from, Math.min(commit.offset, records.length));
  };

  return {
    track(tracked) {
      const { records } = of(tracked);
      if (tracked.offset !== records.length) throw new Error(`offset ${tracked.offset} of ${tracked.topic} is new`);
      records.push(tracked);
      unsettled++;
    },
    update: (_group, commits) => commits.forEach(updateOne),
    unsettled: () => unsettled,
    describeUnsettled: (most) =>
      [...partitions.values()]
        .flatMap(({ records }) => records.filter(({ isSettled }) => !isSettled))
        .slice(0, most)
        .map(({ topic, partition, offset }) => `${topic}/${partition}@${offset}`),
  };
};
