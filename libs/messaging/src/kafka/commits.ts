import { Fault } from '@bellwire/errors';
import type { Commit, Subscription } from '../log.ts';
import { kafkaErrorType, toLogFault, unavailable } from './faults.ts';
import type { Names } from './names.ts';
import { withOwner } from './owner-mark.ts';
import type { OwnedPartitions } from './owned.ts';
import type { Session } from './session.ts';
import type { Standing } from './standing.ts';

export interface CommitsOptions {
  owned: OwnedPartitions;
  standing: Standing;
  names: Names;
  session: () => Session | undefined;
  isClosed: () => boolean;
  /** Of the member that commits. */
  ownerMark: () => string;
}

const limitMs = 10_000;
export const movedAway: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
]);

/**
 * Commits under the present generation, and under the next where the group forms anew meanwhile. What has moved since the
 * call is left out: under the next generation Kafka would take it, whoever has the partition then.
 */
export const makeCommit =
  ({ owned, standing, names, session, isClosed, ownerMark }: CommitsOptions): Subscription['commit'] =>
  async (commits) => {
    const giveUpAtMs = performance.now() + limitMs;
    const leftMs = (): number => Math.max(1, giveUpAtMs - performance.now());
    const had = new Map(commits.map((each) => [each, owned.of(each)]));
    const isOurs = (each: Commit): boolean => had.get(each) !== undefined && had.get(each) === owned.of(each);

    for (;;) {
      if (isClosed()) throw new Fault('STOPPING', 'The consumer has left its group.');
      if (!standing.isSettled()) await standing.next(leftMs());
      const mine = commits.filter(isOurs);
      if (mine.length === 0) return;
      const now = session();
      if (performance.now() > giveUpAtMs) throw unavailable(new Error('the group is not ready'));
      if (now === undefined || !standing.isSettled()) continue;
      try {
        const mark = ownerMark();
        await now.commit(
          mine.map((each) => ({ ...each, ...names.theirs(each), metadata: withOwner(mark, each.metadata) })),
        );
        return;
      } catch (error) {
        if (!movedAway.has(kafkaErrorType(error) ?? '')) throw toLogFault(error);
        await standing.next(leftMs());
      }
    }
  };
