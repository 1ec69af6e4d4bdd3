/** A member of a group, as it introduces itself when the group forms anew. */
export interface Claim {
  memberId: string;
  /** What it wants to read. */
  topics: readonly string[];
  /** What it has at this moment, by topic. */
  owned: Readonly<Record<string, readonly number[]>>;
  /** When it was given that, in milliseconds since 1970: where two claim the same, the later one has it. */
  claimedAtMs: number;
}

export type Shares = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

const byId = (a: Claim, b: Claim): number => (a.memberId < b.memberId ? -1 : 1);

/** Who has each partition of a topic now, where that is one of the candidates. */
const ownersOf = (topic: string, partitions: number, candidates: readonly Claim[]): (Claim | undefined)[] => {
  const owners: (Claim | undefined)[] = Array.from({ length: partitions });
  for (const claim of candidates)
    for (const partition of claim.owned[topic] ?? []) {
      const other = owners[partition];
      if (partition < partitions && (other === undefined || claim.claimedAtMs > other.claimedAtMs))
        owners[partition] = claim;
    }
  return owners;
};

/**
 * Shares partitions out: each topic within one among its members, and all topics together within one where all read the same.
 * Members keep what fits into their share, so that a member that comes or goes moves as little as possible. Everybody who
 * computes it gets the same.
 */
export const shareOut = (claims: readonly Claim[], partitions: ReadonlyMap<string, number>): Shares => {
  const members = [...claims].sort(byId);
  const shares = new Map<string, Record<string, number[]>>(members.map(({ memberId }) => [memberId, {}]));
  const totals = new Map<string, number>(members.map(({ memberId }) => [memberId, 0]));
  const totalOf = ({ memberId }: Claim): number => totals.get(memberId) ?? 0;

  for (const [topic, count] of [...partitions].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const candidates = members.filter((member) => member.topics.includes(topic));
    if (candidates.length === 0) continue;
    const owners = ownersOf(topic, count, candidates);
    const has = (member: Claim): number => owners.filter((owner) => owner === member).length;
    const ranked = candidates
      .map((member) => ({ member, total: totalOf(member), has: has(member) }))
      .sort((a, b) => a.total - b.total || b.has - a.has || byId(a.member, b.member));
    const least = Math.floor(count / candidates.length);
    const room = new Map(ranked.map(({ member }, i) => [member, least + (i < count % candidates.length ? 1 : 0)]));

    const give = (partition: number, member: Claim): void => {
      room.set(member, (room.get(member) ?? 0) - 1);
      totals.set(member.memberId, totalOf(member) + 1);
      const share = shares.get(member.memberId);
      if (share !== undefined) (share[topic] ??= []).push(partition);
    };
    const free: number[] = [];
    for (const [partition, owner] of owners.entries())
      if (owner !== undefined && (room.get(owner) ?? 0) > 0) give(partition, owner);
      else free.push(partition);
    for (const { member } of ranked)
      for (const partition of free.splice(0, room.get(member) ?? 0)) give(partition, member);
    for (const share of shares.values()) share[topic]?.sort((a, b) => a - b);
  }
  return shares;
};
