import { setTimeout as sleep } from 'node:timers/promises';
import { withinExtent, type DroppedRecords } from '../dropped-records.ts';
import type { Assigned, Commit, ConsumerHandlers, Position, TopicPartition } from '../log.ts';
import { nameOf } from './names.ts';
import type { Owned } from './owned.ts';
import { nothingYet, withoutOwner, type OwnedCommit } from './owned-commits.ts';

export interface IntroduceOptions {
  handlers: ConsumerHandlers;
  group: string;
  /** What the group has committed. */
  load: () => Promise<readonly OwnedCommit[]>;
  /** Owners of partitions, other than this member, that are in the group: they may hand over still. */
  others: () => Promise<ReadonlySet<string>>;
  /** Commits under this member's name where we go on from, so that the next owner knows of us. */
  announce: (commits: readonly Commit[]) => Promise<void>;
  starts: (topic: string) => Promise<readonly number[]>;
  ends: (topic: string) => Promise<readonly number[]>;
  resume: (partition: TopicPartition) => void;
  seek: (position: Position) => void;
  /** It is ours still. */
  isCurrent: (own: Owned) => boolean;
  onDropped: (dropped: DroppedRecords) => void;
  onError: (error: unknown) => void;
}

type Ready = Omit<Assigned, 'partition'>;

const retryMs = 100;
/** The former owner is asked for so often. */
const askAgainMs = 50;

/**
 * Begins with partitions that have come: where the group's commit says, once their former owners have handed them over, are
 * gone, or had their time.
 */
export const makeIntroduce = (options: IntroduceOptions) => {
  const { handlers, group, load, others, announce, starts, ends, resume, seek, isCurrent, onDropped, onError } =
    options;

  const offsetsOf = async (
    ask: (topic: string) => Promise<readonly number[]>,
    list: readonly Owned[],
  ): Promise<Map<string, readonly number[]>> => {
    const topics = [...new Set(list.map((own) => own.partition.topic))];
    return new Map(await Promise.all(topics.map(async (topic) => [topic, await ask(topic)] as const)));
  };

  /** What the group has committed for each that need not wait for its former owner any more. */
  const readyOf = async (gained: readonly Owned[]): Promise<Map<Owned, Ready>> => {
    // In this order: who is gone by now has said its last word before.
    const working = await others();
    const commits = new Map((await load()).map((commit) => [nameOf(commit), commit]));
    const found = gained.map((own) => ({ own, commit: commits.get(nameOf(own.partition)) }));
    const isAlive = (commit: OwnedCommit | undefined): boolean =>
      commit?.owner !== undefined && working.has(commit.owner);
    const ready = found.filter(({ own, commit }) => !isAlive(commit) || performance.now() >= own.waitsUntilMs);
    return new Map(
      ready.map(({ own, commit }) => [own, { commit: commit && withoutOwner(commit), isFormerAlive: isAlive(commit) }]),
    );
  };

  /** Begins with those that need not wait; answers the others. */
  const settle = async (gained: readonly Owned[]): Promise<readonly Owned[]> => {
    const ready = await readyOf(gained);
    const waiting = gained.filter((own) => !ready.has(own));
    if (ready.size === 0) return waiting;
    const begun = [...ready.keys()];
    const [first, last] = await Promise.all([offsetsOf(starts, begun), offsetsOf(ends, begun)]);
    const assigned = begun.filter(isCurrent).map((own) => {
      const { topic, partition } = own.partition;
      const extent = { first: first.get(topic)?.[partition] ?? 0, end: last.get(topic)?.[partition] ?? 0 };
      const { commit: found, isFormerAlive = false } = ready.get(own) ?? {};
      const commit = found && withinExtent(found, group, extent, { onDropped, onError });
      return { own, commit, isFormerAlive, position: commit?.offset ?? extent.first, partition: own.partition };
    });
    await announce(
      assigned.map(({ partition, position, commit }) => ({
        ...partition,
        offset: position,
        metadata: commit?.metadata ?? nothingYet,
      })),
    );
    const current = assigned.filter(({ own }) => isCurrent(own));
    for (const { own, position } of current) own.position = position;
    const toldOf = ({ partition, commit, isFormerAlive }: (typeof assigned)[number]) => ({
      partition,
      commit,
      isFormerAlive,
    });
    if (current.length > 0) handlers.assigned(current.map(toldOf));
    for (const { own, partition, position } of current) {
      seek({ ...partition, offset: position });
      if (!own.isPaused) resume(partition);
    }
    return waiting;
  };

  return async (gained: readonly Owned[]): Promise<void> => {
    for (let left = gained; left.length > 0; left = left.filter(isCurrent)) {
      try {
        left = await settle(left);
        if (left.length > 0) await sleep(askAgainMs);
      } catch (error) {
        onError(error);
        await sleep(retryMs);
      }
    }
  };
};
