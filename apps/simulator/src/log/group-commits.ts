import { readMetadata, type Commit, type Subscription, type TopicPartition } from '@bellwire/messaging';
import type { MembershipDeps } from './membership.ts';
import { unavailable } from './wire.ts';

/** What a commit depends on: who the member is when it arrives. */
export interface Standing {
  group: string;
  joined(): Subscription;
  isExpelled(): boolean;
  /** The generation of the group that the member knows, and the one that there is. */
  known(): number;
  present(): number;
  /** The move of a partition away from the member that it knows of, and the last one. */
  knownMove(partition: TopicPartition): number;
  lastMove(partition: TopicPartition): number;
}

const describeCommit = (commit: Commit): string => {
  const { topic, partition, offset } = commit;
  const done = readMetadata(commit).completed.map(({ first, last }) => `${first}-${last}`);
  return `${topic}/${partition}@${offset}${done.length > 0 ? `+${done.join(',')}` : ''}`;
};

/** Commits that fail, come late, or whose answer is lost; one of an earlier generation is refused, as Kafka does. */
export const makeCommits = (
  { trace, gate, dice, ledger, wire }: MembershipDeps,
  { group, joined, isExpelled, known, present, knownMove, lastMove }: Standing,
): Pick<Subscription, 'commit' | 'handOver'> => ({
  commit(commits) {
    if (wire.isAway() || wire.strikes('commit.fails')) return wire.refuse();
    const thereMs = wire.strikes('commit.arrives_late') ? dice.between(50, 2000) : dice.between(0, 3);
    const backMs = wire.strikes('commit.ack_late') ? dice.between(50, 3000) : dice.between(0, 2);
    const isAckLost = wire.strikes('commit.ack_lost');
    const sentIn = known();
    const commitThere = async (): Promise<void> => {
      if (isExpelled() || sentIn !== present()) throw unavailable();
      await joined().commit(commits);
      trace.say(gate.name, () => `${group} commits ${commits.map((each) => describeCommit(each)).join(' ')}`);
      ledger.committed(group);
      if (isAckLost) throw unavailable();
    };
    return wire.call(commitThere, { thereMs, backMs });
  },
  handOver(commit) {
    if (wire.isAway() || wire.strikes('hand_over.fails')) return wire.refuse();
    const thereMs = wire.strikes('hand_over.arrives_late') ? dice.between(50, 8000) : dice.between(0, 3);
    const to = joined();
    const move = knownMove(commit);
    const handOverThere = async (): Promise<void> => {
      // Of an earlier generation: Kafka refuses it, and the next one has brought the partition back.
      if (move !== lastMove(commit)) return;
      if (to.isAwaited(commit)) ledger.handedOver(commit);
      await to.handOver(commit);
      trace.say(gate.name, () => `${group} hands over ${describeCommit(commit)}`);
      ledger.committed(group);
    };
    return wire.call(handOverThere, { thereMs });
  },
});
