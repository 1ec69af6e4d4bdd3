import type { Commit, TopicPartition } from '../log.ts';
import type { StoredPartition } from './broker.ts';
import { nameOf, type Member } from './members.ts';
import { openMoving } from './moving.ts';
import { shareOut } from './share-out.ts';

/** A consumer group: who is in it, who has what, and what was committed. */
export interface Group {
  join(member: Member): void;
  leave(member: Member): void;
  /** Takes what is committed for partitions that the member has; the rest counts for nothing, as in Kafka. */
  commit(member: Member, commits: readonly Commit[]): void;
  isAwaited(member: Member, partition: TopicPartition): boolean;
  /** The last commit of a partition that has moved away from the member: its next owner begins. */
  handOver(member: Member, commit: Commit): void;
  committed(): readonly Commit[];
}

const plain = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition });

export const openGroup = (partitionsOf: (topic: string) => readonly StoredPartition[]): Group => {
  const members = new Set<Member>();
  const commits = new Map<string, Commit>();
  let scheduled = false;

  let owners: ReadonlyMap<StoredPartition, Member> = new Map();

  const moving = openMoving(() => introduce());

  const rebalance = (): void => {
    scheduled = false;
    const shares = new Map<StoredPartition, Member>();
    for (const topic of new Set([...members].flatMap((member) => member.topics)))
      shareOut(
        partitionsOf(topic),
        [...members].filter((member) => member.topics.includes(topic)),
        shares,
      );
    for (const member of members) {
      const lost = [...member.cursors.values()].filter(({ stored }) => shares.get(stored) !== member);
      for (const { stored } of lost) {
        member.cursors.delete(nameOf(stored));
        moving.begin(member, stored);
      }
      if (lost.length > 0) member.handlers.revoked(lost.map(({ stored }) => plain(stored)));
    }
    owners = shares;
    introduce();
  };

  /** Those that wait for nobody begin with what is theirs. */
  const introduce = (): void => {
    for (const member of members) {
      const gained = [...owners].flatMap(([stored, owner]) =>
        owner === member && !member.cursors.has(nameOf(stored)) && moving.isFreeFor(member, stored) ? [stored] : [],
      );
      if (gained.length === 0) continue;
      const assigned = gained.map((stored) => {
        const commit = commits.get(nameOf(stored));
        member.cursors.set(nameOf(stored), {
          stored,
          position: commit?.offset ?? stored.records[0]?.offset ?? stored.end,
          paused: false,
        });
        return { partition: plain(stored), commit, isFormerAlive: moving.wasLate(stored) };
      });
      member.handlers.assigned(assigned);
      member.wake();
    }
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(rebalance);
  };

  return {
    join(member) {
      members.add(member);
      schedule();
    },
    leave(member) {
      if (!members.delete(member)) return;
      member.cursors.clear();
      moving.endAllOf(member);
      schedule();
    },
    commit(member, saved) {
      for (const commit of saved)
        if (member.cursors.has(nameOf(commit)))
          commits.set(nameOf(commit), { ...plain(commit), offset: commit.offset, metadata: commit.metadata });
    },
    isAwaited: moving.isAwaited,
    handOver(member, commit) {
      if (!moving.isAwaited(member, commit)) return;
      commits.set(nameOf(commit), { ...plain(commit), offset: commit.offset, metadata: commit.metadata });
      moving.end(commit);
      introduce();
    },
    committed: () => [...commits.values()],
  };
};
