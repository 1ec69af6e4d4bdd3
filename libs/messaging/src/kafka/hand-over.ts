import { handOverMs, type Commit, type Subscription, type TopicPartition } from '../log.ts';
import { kafkaErrorType, toLogFault } from './faults.ts';
import { nameOf, type Names } from './names.ts';
import { movedAway } from './commits.ts';
import type { Session } from './session.ts';
import type { Standing } from './standing.ts';

export interface HandOverOptions {
  standing: Standing;
  names: Names;
  session: () => Session | undefined;
  /** Undefined while we are in no group. */
  memberId: () => string | undefined;
  isOurs: (partition: TopicPartition) => boolean;
  isClosed: () => boolean;
}

/** What a member does for the next owner of a partition that has moved away from it. */
export interface HandOver {
  /** These have moved away, and we are in the group still. */
  moved(partitions: readonly TopicPartition[]): void;
  isAwaited: Subscription['isAwaited'];
  handOver: Subscription['handOver'];
}

/**
 * A partition that has moved is committed once more, without a mark of an owner, under the generation in which it is another
 * member's: Kafka asks only that the member is of the group. Not where we were taken for dead meanwhile, nor after the time
 * for which the next owner waits: then it has begun, and goes by its own commits.
 */
export const openHandOver = (options: HandOverOptions): HandOver => {
  const { standing, names, session, memberId, isOurs, isClosed } = options;
  const left = new Map<string, { memberId: string; untilMs: number }>();

  const isAwaited = (partition: TopicPartition): boolean => {
    const found = left.get(nameOf(partition));
    if (found === undefined || isClosed() || isOurs(partition)) return false;
    return found.memberId === memberId() && performance.now() < found.untilMs;
  };

  const commitOnce = async (commit: Commit): Promise<'done' | 'again'> => {
    const now = session();
    if (now === undefined || !standing.isSettled()) return 'again';
    try {
      await now.commit([{ ...commit, ...names.theirs(commit) }]);
      return 'done';
    } catch (error) {
      if (movedAway.has(kafkaErrorType(error) ?? '')) return 'again';
      throw toLogFault(error);
    }
  };

  return {
    moved(partitions) {
      const id = memberId();
      if (id === undefined) return;
      const untilMs = performance.now() + handOverMs;
      for (const partition of partitions) left.set(nameOf(partition), { memberId: id, untilMs });
    },
    isAwaited,
    async handOver(commit) {
      const name = nameOf(commit);
      const leaving = left.get(name);
      // One that has come back and moved away again meanwhile has another last word.
      const isSame = (): boolean => left.get(name) === leaving;
      try {
        while (isSame() && isAwaited(commit)) {
          if ((await commitOnce(commit)) === 'done') return;
          await standing.next(handOverMs);
        }
      } finally {
        if (isSame()) left.delete(name);
      }
    },
  };
};
