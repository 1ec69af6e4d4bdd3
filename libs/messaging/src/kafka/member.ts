import { Fault } from '@bellwire/errors';
import type { Kafka, KafkaMessage } from 'kafkajs';
import type { Commit, ConsumeOptions, Subscription, TopicPartition } from '../log.ts';
import type { Asking } from './asking.ts';
import { kafkaErrorType, missingTopic, toLogFault, unavailable } from './faults.ts';
import { toLogRecord } from './log-record.ts';
import { openOwnedPartitions, type Owned } from './owned.ts';
import { startSession, type Session, type SessionTimes } from './session.ts';

export interface MemberOptions {
  consume: ConsumeOptions;
  newClient: () => Kafka;
  asking: Asking;
  times: SessionTimes;
  /** Our names of topics and groups begin with this in Kafka. */
  prefix: string;
  onError: (error: unknown) => void;
  onClosed: () => void;
}

const longestBackoffMs = 5000;
const stopLimitMs = 5000;
const commitLimitMs = 10_000;

const movedAway = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS']);

/** Resolves once for all who wait, again and again. */
const signal = () => {
  let waiting: (() => void)[] = [];
  return {
    fire: () => {
      for (const wake of waiting.splice(0)) wake();
    },
    wait: (limitMs: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting = waiting.filter((each) => each !== wake);
          resolve();
        }, limitMs);
        const wake = (): void => (clearTimeout(timer), resolve());
        waiting.push(wake);
      }),
  };
};

/**
 * A member of a group: above one kafkajs consumer after the other, and below settlement. It tells of a partition only when
 * it really moves, and starts again by itself.
 */
export const openMember = async (options: MemberOptions): Promise<Subscription> => {
  const { consume, newClient, asking, times, prefix, onError, onClosed } = options;
  const { handlers, topics, group } = consume;
  const inKafka = (topic: string): string => prefix + topic;
  const ours = ({ topic, partition }: TopicPartition): TopicPartition => ({
    topic: topic.slice(prefix.length),
    partition,
  });
  const theirs = ({ topic, partition }: TopicPartition): TopicPartition => ({ topic: inKafka(topic), partition });
  const settled = signal();
  let session: Session | undefined;
  let joining = true;
  let memberId: string | undefined;
  let closed: Promise<void> | undefined;
  let restart: NodeJS.Timeout | undefined;
  let backoffMs = 100;

  const owned = openOwnedPartitions({
    handlers,
    load: () =>
      asking.committed(prefix + group, topics.map(inKafka)).then((all) => all.map((c) => ({ ...c, ...ours(c) }))),
    starts: (topic) => asking.starts(inKafka(topic)),
    ends: (topic) => asking.ends(inKafka(topic)),
    pause: (partition) => session?.pause([theirs(partition)]),
    resume: (partition) => session?.resume([theirs(partition)]),
    seek: (position) => session?.seek({ ...position, ...theirs(position) }),
    onError,
  });

  const onJoined = (partitions: readonly TopicPartition[], id: string): void => {
    if (closed !== undefined) return;
    if (memberId !== id) owned.replace([]);
    memberId = id;
    joining = false;
    backoffMs = 100;
    owned.replace(partitions.map(ours));
    settled.fire();
  };

  const onRecords = (partition: TopicPartition, messages: readonly KafkaMessage[]): boolean => {
    const own = owned.of(ours(partition));
    if (closed !== undefined || own?.position === undefined) return false;
    const { topic } = ours(partition);
    const from = own.position;
    const records = messages.filter(({ offset }) => Number(offset) >= from);
    const last = records.at(-1);
    if (last === undefined) return true;
    own.position = Number(last.offset) + 1;
    try {
      handlers.records(records.map((message) => toLogRecord(topic, partition.partition, message)));
    } catch (error) {
      onError(error);
    }
    return true;
  };

  const begin = async (): Promise<void> => {
    joining = true;
    const started = await startSession({
      client: newClient(),
      group: prefix + group,
      topics: topics.map(inKafka),
      times,
      owned: () => ({ ...owned.claim(), partitions: owned.claim().partitions.map(theirs) }),
      onJoining: () => void (joining = true),
      onJoined,
      onHeartbeat: () => {
        if (!joining) return;
        joining = false;
        settled.fire();
      },
      onRecords,
      onCrash: (error) => {
        onError(error);
        session = undefined;
        memberId = undefined;
        joining = true;
        if (closed === undefined) owned.replace([]);
        beginAgain();
      },
    });
    if (closed === undefined) session = started;
    else await started.stop(stopLimitMs);
  };

  const beginAgain = (): void => {
    if (closed !== undefined) return;
    restart = setTimeout(() => {
      begin().catch((error: unknown) => {
        onError(error);
        beginAgain();
      });
    }, backoffMs);
    backoffMs = Math.min(longestBackoffMs, backoffMs * 2);
  };

  /** Under the present generation, as often as the group forms anew meanwhile; what has moved is left out. */
  const commit = async (commits: readonly Commit[]): Promise<void> => {
    const giveUpAtMs = Date.now() + commitLimitMs;
    const had = new Map<Commit, Owned | undefined>(commits.map((each) => [each, owned.of(each)]));
    for (;;) {
      if (closed !== undefined) throw new Fault('STOPPING', 'The consumer has left its group.');
      if (joining) await settled.wait(Math.max(1, giveUpAtMs - Date.now()));
      const mine = commits.filter((each) => had.get(each) !== undefined && had.get(each) === owned.of(each));
      if (mine.length === 0) return;
      if (session === undefined || Date.now() > giveUpAtMs) throw unavailable(new Error('the group is not ready'));
      try {
        if (!joining) return await session.commit(mine.map((each) => ({ ...each, ...theirs(each) })));
      } catch (error) {
        if (!movedAway.has(kafkaErrorType(error) ?? '')) throw toLogFault(error);
        await settled.wait(Math.max(1, giveUpAtMs - Date.now()));
      }
    }
  };

  const leave = async (): Promise<void> => {
    clearTimeout(restart);
    owned.stop();
    settled.fire();
    await session?.stop(stopLimitMs);
    onClosed();
  };

  try {
    await begin();
  } catch (error) {
    throw kafkaErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION'
      ? missingTopic(topics.join('", "'))
      : toLogFault(error);
  }
  return {
    pause: (partition) => owned.setPaused(partition, true),
    resume: (partition) => owned.setPaused(partition, false),
    commit,
    close: () => (closed ??= Promise.resolve().then(leave)),
  };
};
