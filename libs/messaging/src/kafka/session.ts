import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { Commit, Position, TopicPartition } from '../log.ts';
import { stickyAssigner } from './assigner.ts';
import { within } from './faults.ts';

export interface SessionTimes {
  /** Without a sign of life for so long a member is dead, and its partitions move. */
  sessionTimeoutMs: number;
  heartbeatIntervalMs: number;
  /** How long a group waits for its members when it forms anew. */
  rebalanceTimeoutMs: number;
  /** How long a fetch waits for records. */
  maxWaitMs: number;
  /** Failures until a session ends, half a minute with 30 of them: a broker that is away for less costs no membership. */
  retries: number;
}

export interface SessionOptions {
  client: Kafka;
  group: string;
  topics: readonly string[];
  paceMs: number;
  fetchBytes: number;
  times: SessionTimes;
  /** What the member has, for the next sharing out. */
  owned: () => { partitions: readonly TopicPartition[]; claimedAtMs: number };
  /** The group forms anew: until `joined`, nobody knows what is ours. */
  onJoining: () => void;
  /** All that is ours now. Under another member id than before, somebody else may have had it in between. */
  onJoined: (partitions: readonly TopicPartition[], memberId: string) => void;
  /** The group is as it was: what was ours is ours. */
  onHeartbeat: () => void;
  /** Fetched records; returns false where they are to be fetched again. */
  onRecords: (partition: TopicPartition, messages: readonly KafkaMessage[]) => boolean;
  /** The session is over by itself. */
  onCrash: (error: unknown) => void;
}

/** One kafkajs consumer from its start to its end; its successor is another one. */
export interface Session {
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  seek(position: Position): void;
  /** Under the generation of this moment, once: what the group refuses is rejected. */
  commit(commits: readonly Commit[]): Promise<void>;
  /** Leaves the group. */
  stop(limitMs: number): Promise<void>;
}

/** Batches of one fetch are handed over together: none waits for the pause of another. */
const partitionsConsumedConcurrently = 100;
/** Of a partition. */
export const largestFetchBytes = 1536 * 1024;
/** For a first connection; afterwards there is no hurry. */
const startLimitMs = 5000;
const maxBytes = 4 * 1024 * 1024;

const newConsumer = ({ client, group, fetchBytes, times, owned, onJoining }: SessionOptions): Consumer =>
  client.consumer({
    groupId: group,
    sessionTimeout: times.sessionTimeoutMs,
    heartbeatInterval: times.heartbeatIntervalMs,
    rebalanceTimeout: times.rebalanceTimeoutMs,
    maxWaitTimeInMs: times.maxWaitMs,
    maxBytesPerPartition: fetchBytes,
    maxBytes,
    allowAutoTopicCreation: false,
    readUncommitted: true,
    partitionAssigners: [stickyAssigner({ owned, onJoining })],
    // kafkajs never starts again by itself: we do.
    retry: {
      initialRetryTime: 100,
      maxRetryTime: 1000,
      multiplier: 2,
      factor: 0.2,
      retries: times.retries,
      restartOnFailure: async () => false,
    },
  });

const byTopic = (partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] =>
  partitions.map(({ topic, partition }) => ({ topic, partitions: [partition] }));

const offsetsOf = (commits: readonly Commit[]) => {
  const topics = new Map<string, { partition: number; offset: string; metadata: string }[]>();
  for (const { topic, partition, offset, metadata } of commits) {
    const list = topics.get(topic) ?? [];
    list.push({ partition, offset: String(offset), metadata });
    topics.set(topic, list);
  }
  return { topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) };
};

/** Resolves when the topics are known and the consumer is on its way into the group. */
export const startSession = async (options: SessionOptions): Promise<Session> => {
  const { topics, paceMs, onJoined, onHeartbeat, onRecords, onCrash } = options;
  const consumer = newConsumer(options);
  let payload: EachBatchPayload | undefined;
  let over = false;
  const crash = (error: unknown): void => {
    if (over) return;
    over = true;
    onCrash(error);
  };

  consumer.on('consumer.group_join', ({ payload: { memberAssignment, memberId } }) => {
    if (over) return;
    const partitions = Object.entries(memberAssignment).flatMap(([topic, list]) =>
      list.map((partition) => ({ topic, partition })),
    );
    onJoined(partitions, memberId);
  });
  consumer.on('consumer.heartbeat', () => {
    if (!over) onHeartbeat();
  });
  consumer.on('consumer.crash', ({ payload: { error } }) => crash(error));

  let fetchAgainAt = 0;
  /** kafkajs fetches again when all batches of a fetch are through. */
  const pause = async (): Promise<void> => {
    const nowMs = performance.now();
    if (nowMs > fetchAgainAt) fetchAgainAt = nowMs + paceMs;
    if (!over) await sleep(fetchAgainAt - nowMs);
  };

  const eachBatch = async (batch: EachBatchPayload): Promise<void> => {
    payload = batch;
    const { topic, partition, messages } = batch.batch;
    // Everything here happens in one turn, so that no rebalance comes in between.
    if (over || batch.isStale() || !onRecords({ topic, partition }, messages)) return;
    const last = messages.at(-1);
    if (last !== undefined) batch.resolveOffset(last.offset);
    if (paceMs > 0) await pause();
  };

  try {
    const subscribe = async (): Promise<void> => {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    };
    await within(startLimitMs, subscribe(), 'connecting');
  } catch (error) {
    over = true;
    void consumer.disconnect().catch(() => undefined);
    throw error;
  }
  const run = { autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently, eachBatch };
  const joined = consumer.run(run).catch(crash);
  /** kafkajs takes no notice of a stop while it joins: it would come back afterwards, a member without a master. */
  const end = async (): Promise<void> => {
    await joined;
    await consumer.disconnect();
  };

  /** kafkajs refuses these while it has no group; then the next assignment brings everything anew. */
  const steer = (work: () => void): void => {
    try {
      if (!over) work();
    } catch {
      // Not running.
    }
  };

  return {
    pause: (partitions) => steer(() => consumer.pause(byTopic(partitions))),
    resume: (partitions) => steer(() => consumer.resume(byTopic(partitions))),
    seek: ({ topic, partition, offset }) => steer(() => consumer.seek({ topic, partition, offset: String(offset) })),
    async commit(commits) {
      const offsets = offsetsOf(commits);
      // Not consumer.commitOffsets where it can be helped: that one tries again under the next generation, when the
      // partition may be somebody else's.
      if (payload !== undefined) await payload.commitOffsetsIfNecessary(offsets);
      else await consumer.commitOffsets(commits.map((commit) => ({ ...commit, offset: String(commit.offset) })));
    },
    async stop(limitMs) {
      over = true;
      await within(limitMs, end(), 'leaving the group').catch(() => undefined);
    },
  };
};
