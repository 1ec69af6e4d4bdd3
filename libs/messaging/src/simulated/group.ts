import type { Commit, ConsumerHandlers, TopicPartition } from '../log.ts';
import type { StoredPartition } from './broker.ts';

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

export interface Member {
  readonly topics: readonly string[];
  readonly handlers: ConsumerHandlers;
  /** By name of the partition. */
  readonly cursors: Map<string, Cursor>;
  wake(): void;
}

export interface Cursor {
  readonly stored: StoredPartition;
  position: number;
  paused: boolean;
}

export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}\n${partition}`;

const plain = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic, partition });

/** How long the next owner of a partition waits for the former one to hand it over, in milliseconds. */
const handOverMs = 5000;

export const openGroup = (partitionsOf: (topic: string) => readonly StoredPartition[]): Group => {
  const members = new Set<Member>();
  const commits = new Map<string, Commit>();
  /** Partitions whose former owner works still, with that one and who comes next. */
  const moving = new Map<string, { from: Member; timer: NodeJS.Timeout }>();
  let scheduled = false;

  let owners: ReadonlyMap<StoredPartition, Member> = new Map();

  const isFreeFor = (member: Member, stored: StoredPartition): boolean => {
    const from = moving.get(nameOf(stored))?.from;
    return from === undefined || from === member;
  };

  const isAwaited = (member: Member, partition: TopicPartition): boolean =>
    moving.get(nameOf(partition))?.from === member && !member.cursors.has(nameOf(partition));

  const endMoving = (name: string): void => {
    clearTimeout(moving.get(name)?.timer);
    moving.delete(name);
  };

  /** A partition that moves on while it is waited for is waited for still: the one who has it is who had it last. */
  const awaitHandOver = (from: Member, stored: StoredPartition): void => {
    const name = nameOf(stored);
    endMoving(name);
    const timer = setTimeout(() => {
      moving.delete(name);
      introduce();
    }, handOverMs);
    timer.unref();
    moving.set(name, { from, timer });
  };

  /** Fair shares of one topic: everybody keeps what fits into theirs. */
  const shareOut = (topic: string, shares: Map<StoredPartition, Member>): void => {
    const all = partitionsOf(topic);
    const has = (member: Member): number => all.filter((stored) => member.cursors.has(nameOf(stored))).length;
    const candidates = [...members].filter((m) => m.topics.includes(topic)).sort((a, b) => has(b) - has(a));
    if (candidates.length === 0) return;
    const least = Math.floor(all.length / candidates.length);
    const room = new Map(candidates.map((m, i) => [m, least + (i < all.length % candidates.length ? 1 : 0)]));
    const give = (stored: StoredPartition, member: Member): void => {
      shares.set(stored, member);
      room.set(member, (room.get(member) ?? 0) - 1);
    };
    const withRoom = (test: (member: Member) => boolean): Member | undefined =>
      candidates.find((member) => (room.get(member) ?? 0) > 0 && test(member));
    for (const stored of all) {
      const owner = withRoom((member) => member.cursors.has(nameOf(stored)));
      if (owner !== undefined) give(stored, owner);
    }
    for (const stored of all) {
      const taker = shares.has(stored) ? undefined : withRoom(() => true);
      if (taker !== undefined) give(stored, taker);
    }
  };

  const rebalance = (): void => {
    scheduled = false;
    const shares = new Map<StoredPartition, Member>();
    for (const topic of new Set([...members].flatMap((member) => member.topics))) shareOut(topic, shares);
    for (const member of members) {
      const lost = [...member.cursors.values()].filter(({ stored }) => shares.get(stored) !== member);
      for (const { stored } of lost) {
        member.cursors.delete(nameOf(stored));
        awaitHandOver(member, stored);
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
        owner === member && !member.cursors.has(nameOf(stored)) && isFreeFor(member, stored) ? [stored] : [],
      );
      if (gained.length === 0) continue;
      const assigned = gained.map((stored) => {
        const commit = commits.get(nameOf(stored));
        member.cursors.set(nameOf(stored), { stored, position: commit?.offset ?? 0, paused: false });
        return { partition: plain(stored), commit };
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
      for (const [name, { from }] of moving) if (from === member) endMoving(name);
      schedule();
    },
    commit(member, saved) {
      for (const commit of saved)
        if (member.cursors.has(nameOf(commit)))
          commits.set(nameOf(commit), { ...plain(commit), offset: commit.offset, metadata: commit.metadata });
    },
    isAwaited,
    handOver(member, commit) {
      const name = nameOf(commit);
      if (!isAwaited(member, commit)) return;
      commits.set(name, { ...plain(commit), offset: commit.offset, metadata: commit.metadata });
      endMoving(name);
      introduce();
    },
    committed: () => [...commits.values()],
  };
};
