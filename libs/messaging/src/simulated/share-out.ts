import type { StoredPartition } from './broker.ts';
import { nameOf, type Member } from './members.ts';

/** Fair shares of one topic's partitions: everybody keeps what fits into theirs. */
export const shareOut = (
  all: readonly StoredPartition[],
  members: readonly Member[],
  shares: Map<StoredPartition, Member>,
): void => {
  const has = (member: Member): number => all.filter((stored) => member.cursors.has(nameOf(stored))).length;
  const candidates = members.toSorted((a, b) => has(b) - has(a));
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
