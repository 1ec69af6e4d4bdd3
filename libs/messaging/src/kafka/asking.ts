import type { Cluster } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Commit } from '../log.ts';
import { kafkaErrorType, missingTopic, unavailable, within } from './faults.ts';

/** One connection for questions that are answered at once; nothing on it waits for records. */
export interface Asking {
  partitions(topic: string): Promise<number>;
  /** The offset after the last record of each partition. */
  ends(topic: string): Promise<readonly number[]>;
  /** Where the first record of each partition is. */
  starts(topic: string): Promise<readonly number[]>;
  /** What a group has committed for the partitions of these topics. */
  committed(group: string, topics: readonly string[]): Promise<readonly Commit[]>;
  /** Ids of the members of a group. */
  members(group: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** What kafkajs's types leave out. */
interface DescribeGroupsAnswer {
  groups: { members: { memberId: string }[] }[];
}

interface OffsetFetchAnswer {
  responses: { topic: string; partitions: { partition: number; offset: string; metadata?: string | null }[] }[];
}

const limitMs = 5000;
/** A topic that was made a moment ago may not be known to every broker yet. */
const newTopicMs = 1000;

/** A question for which an answer under way is too old shares the next with all others that came in the meantime. */
const sharing = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
  let current: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const start = (): Promise<T> => {
    const asked = ask().finally(() => {
      if (current === asked) current = undefined;
    });
    return (current = asked);
  };
  return () => {
    if (current === undefined) return start();
    return (next ??= current.then(
      () => ((next = undefined), start()),
      () => ((next = undefined), start()),
    ));
  };
};

type Persist = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** Tries again after a lost connection or a moved leader, until the time is up. */
const persistent =
  (cluster: Cluster, isClosed: () => boolean): Persist =>
  async (what, work) => {
    const startedAtMs = performance.now();
    const giveUpAtMs = startedAtMs + limitMs;
    for (let waitMs = 50; ; waitMs = Math.min(500, waitMs * 2)) {
      try {
        return await within(Math.max(1, giveUpAtMs - performance.now()), work(), what);
      } catch (error) {
        const isUnknown = kafkaErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION';
        if (isUnknown && performance.now() - startedAtMs > newTopicMs) throw error;
        if (isClosed() || performance.now() + waitMs > giveUpAtMs) throw unavailable(error);
        await sleep(waitMs);
        const refresh = cluster.connect().then(() => cluster.refreshMetadata());
        await within(1000, refresh, 'metadata').catch(() => undefined);
      }
    }
  };

export const openAsking = (cluster: Cluster): Asking => {
  const counts = new Map<string, number>();
  const sharedEnds = new Map<string, () => Promise<readonly number[]>>();
  let closed = false;
  const persist = persistent(cluster, () => closed);

  const know = async (topic: string): Promise<number> => {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    return cluster.findTopicPartitionMetadata(topic).length;
  };

  const partitions = async (topic: string): Promise<number> => {
    const known = counts.get(topic);
    if (known !== undefined) return known;
    try {
      const count = await persist(`partitions of ${topic}`, () => know(topic));
      counts.set(topic, count);
      return count;
    } catch (error) {
      throw kafkaErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION' ? missingTopic(topic) : error;
    }
  };

  const offsets = async (topic: string, fromBeginning: boolean): Promise<readonly number[]> => {
    const count = await partitions(topic);
    const asked = Array.from({ length: count }, (_, partition) => ({ partition }));
    return persist(`offsets of ${topic}`, async () => {
      const [found] = await cluster.fetchTopicsOffset([{ topic, partitions: asked, fromBeginning }]);
      const list = Array.from({ length: count }, () => 0);
      for (const { partition, offset } of found?.partitions ?? []) list[partition] = Number(offset);
      return list;
    });
  };

  return {
    partitions,
    ends(topic) {
      let ask = sharedEnds.get(topic);
      if (ask === undefined) sharedEnds.set(topic, (ask = sharing(() => offsets(topic, false))));
      return ask();
    },
    starts: (topic) => offsets(topic, true),
    async committed(group, topics) {
      const asked = await Promise.all(
        topics.map(async (topic) => ({
          topic,
          partitions: Array.from({ length: await partitions(topic) }, (_, partition) => ({ partition, offset: '' })),
        })),
      );
      return persist(`commits of ${group}`, async () => {
        const coordinator = await cluster.findGroupCoordinator({ groupId: group });
        const { responses }: OffsetFetchAnswer = await coordinator.offsetFetch({ groupId: group, topics: asked });
        return responses.flatMap(({ topic, partitions: found }) =>
          found
            .filter(({ offset }) => Number(offset) >= 0)
            .map(({ partition, offset, metadata }) => ({
              topic,
              partition,
              offset: Number(offset),
              metadata: metadata ?? '',
            })),
        );
      });
    },
    members: (group) =>
      persist(`members of ${group}`, async () => {
        const coordinator = await cluster.findGroupCoordinator({ groupId: group });
        const { groups }: DescribeGroupsAnswer = await coordinator.describeGroups({ groupIds: [group] });
        return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId));
      }),
    async close() {
      closed = true;
      await within(2000, cluster.disconnect(), 'disconnecting').catch(() => undefined);
    },
  };
};
