import kafkajs, { type PartitionAssigner } from 'kafkajs';
import type { TopicPartition } from '../log.ts';
import { shareOut, type Claim } from './sticky-assignment.ts';

export interface AssignerOptions {
  /** What this member has, and since when. */
  owned: () => { partitions: readonly TopicPartition[]; claimedAtMs: number };
  /** The member is about to ask for its share: until it has it, nobody knows what is ours. */
  onJoining: () => void;
}

const name = 'bellwire-sticky';
const version = 1;
const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

const byTopic = (partitions: readonly TopicPartition[]): Record<string, number[]> => {
  const found: Record<string, number[]> = {};
  for (const { topic, partition } of partitions) (found[topic] ??= []).push(partition);
  return found;
};

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => Number.isInteger(each) && each >= 0);

/** A claim from the network; another version's reads as one that has nothing. */
export const readClaim = (bytes: Buffer): Pick<Claim, 'owned' | 'claimedAtMs'> => {
  const nothing = { owned: {}, claimedAtMs: 0 };
  try {
    const found: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof found !== 'object' || found === null || !('owned' in found) || !('claimedAtMs' in found)) return nothing;
    const { owned, claimedAtMs } = found;
    if (typeof owned !== 'object' || owned === null || typeof claimedAtMs !== 'number') return nothing;
    return { owned: Object.fromEntries(Object.entries(owned).filter((entry) => isNumbers(entry[1]))), claimedAtMs };
  } catch {
    return nothing;
  }
};

const writeClaim = (claim: Pick<Claim, 'owned' | 'claimedAtMs'>): Buffer => Buffer.from(JSON.stringify(claim));

/** kafkajs brings only one that deals everything out anew, whatever the members have. */
export const stickyAssigner =
  ({ owned, onJoining }: AssignerOptions): PartitionAssigner =>
  ({ cluster }) => ({
    name,
    version,
    protocol({ topics }) {
      onJoining();
      const { partitions, claimedAtMs } = owned();
      const userData = writeClaim({ owned: byTopic(partitions), claimedAtMs });
      return { name, metadata: MemberMetadata.encode({ version, topics, userData }) };
    },
    async assign({ members }) {
      const claims = members.map(({ memberId, memberMetadata }): Claim => {
        const found = MemberMetadata.decode(memberMetadata);
        return { memberId, topics: found?.topics ?? [], ...readClaim(found?.userData ?? Buffer.alloc(0)) };
      });
      const topics = [...new Set(claims.flatMap((claim) => claim.topics))];
      await cluster.addMultipleTargetTopics(topics);
      const counts = new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
      return [...shareOut(claims, counts)].map(([memberId, share]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version,
          assignment: Object.fromEntries(Object.entries(share).map(([topic, list]) => [topic, [...list]])),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
