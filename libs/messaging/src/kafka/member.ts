import type { Kafka, KafkaMessage } from 'kafkajs';
import { endsBefore, type DroppedRecords } from '../dropped-records.ts';
import type { ConsumeOptions, Subscription, TopicPartition } from '../log.ts';
import type { Asking } from './asking.ts';
import { makeCommit } from './commits.ts';
import { kafkaErrorType, missingTopic, toLogFault, within } from './faults.ts';
import { openHandOver } from './hand-over.ts';
import { toLogRecord } from './log-record.ts';
import type { Names } from './names.ts';
import { openOwnedPartitions, type Owned, type OwnedPartitions } from './owned.ts';
import { ownedCommits } from './owned-commits.ts';
import { ownerMarkOf, withOwner } from './owner-mark.ts';
import { largestFetchBytes, startSession, type Session, type SessionTimes } from './session.ts';
import { openStanding, type Standing } from './standing.ts';

export interface MemberOptions {
  consume: ConsumeOptions;
  newClient: () => Kafka;
  asking: Asking;
  times: SessionTimes;
  names: Names;
  onDropped: (dropped: DroppedRecords) => void;
  onError: (error: unknown) => void;
  onClosed: () => void;
}

interface Parts extends MemberOptions {
  owned: OwnedPartitions;
  standing: Standing;
  isClosed: () => boolean;
}

const longestBackoffMs = 5000;
const stopLimitMs = 5000;
const announceLimitMs = 1000;

/**
 * kafkajs reads a partition from its first record on where the offset that it asks for is not there. Where the partition ends
 * before our position, its topic was made anew, and all in it is new; or it has lost its last records, and the others were
 * read.
 */
const makeLookAgain = ({ asking, names, owned, onError }: Parts) => {
  const asked = new WeakSet<Owned>();

  const askOnce = async (own: Owned, position: number, firstAtMs: number): Promise<void> => {
    const { topic, partition } = own.partition;
    const [firsts, ends] = await Promise.all([asking.starts(names.inKafka(topic)), asking.ends(names.inKafka(topic))]);
    const [first = 0, end = 0] = [firsts[partition], ends[partition]];
    if (own.position !== position || end >= position) return;
    const goesOnFrom = firstAtMs >= own.lastAtMs ? first : end;
    onError(endsBefore({ topic, partition, offset: position }, end, goesOnFrom));
    owned.beginAnew(own, goesOnFrom);
  };

  return (own: Owned, position: number, firstAtMs: number): void => {
    if (asked.has(own)) return;
    asked.add(own);
    void askOnce(own, position, firstAtMs)
      .catch(onError)
      .finally(() => asked.delete(own));
  };
};

/** Hands fetched records over once; false where they came too early or too late. */
const makeTake = (parts: Parts) => {
  const { consume, owned, names, isClosed, onDropped, onError } = parts;
  const { handlers, group } = consume;
  const lookAgain = makeLookAgain(parts);
  return (from: TopicPartition, messages: readonly KafkaMessage[]): boolean => {
    const { topic, partition } = names.ours(from);
    const own = owned.of({ topic, partition });
    if (isClosed() || own?.position === undefined) return false;
    const { position } = own;
    const records = messages
      .filter(({ offset }) => Number(offset) >= position)
      .map((message) => toLogRecord(topic, partition, message));
    const [first] = records;
    const last = records.at(-1);
    if (first === undefined || last === undefined) {
      if (messages[0] !== undefined) lookAgain(own, position, Number(messages[0].timestamp));
      return true;
    }
    // Retention has overtaken us: kafkajs goes on from the first record that is left.
    if (first.offset > position)
      onDropped({ group, topic, partition, from: position, to: first.offset - 1, count: first.offset - position });
    own.position = last.offset + 1;
    own.lastAtMs = last.timestampMs;
    try {
      handlers.records(records);
    } catch (error) {
      onError(error);
    }
    return true;
  };
};

/** One session after the other: kafkajs's own restarts are not to be relied on. */
const openSessions = (parts: Parts) => {
  const { consume, newClient, times, names, owned, standing, isClosed, onError } = parts;
  const onRecords = makeTake(parts);
  let session: Session | undefined;
  let memberId: string | undefined;
  let restart: NodeJS.Timeout | undefined;
  let backoffMs = 100;

  const onJoined = (partitions: readonly TopicPartition[], id: string): void => {
    if (isClosed()) return;
    // Under another id than before: somebody else may have had it all in between.
    if (memberId !== id) {
      memberId = undefined;
      owned.drop();
    }
    memberId = id;
    backoffMs = 100;
    owned.replace(partitions.map(names.ours));
    standing.settle();
  };

  const onCrash = (error: unknown): void => {
    onError(error);
    session = undefined;
    memberId = undefined;
    standing.unsettle();
    if (!isClosed()) owned.drop();
    beginLater();
  };

  const begin = async (): Promise<void> => {
    standing.unsettle();
    const started = await startSession({
      client: newClient(),
      group: names.inKafka(consume.group),
      topics: consume.topics.map(names.inKafka),
      paceMs: consume.paceMs ?? 0,
      fetchBytes: Math.min(consume.fetchBytes ?? largestFetchBytes, largestFetchBytes),
      times,
      owned: () => ({ ...owned.claim(), partitions: owned.claim().partitions.map(names.theirs) }),
      onJoining: () => standing.unsettle(),
      onJoined,
      onHeartbeat: standing.heartbeat,
      onRecords,
      onCrash,
    });
    if (isClosed()) await started.stop(stopLimitMs);
    else session = started;
  };

  const beginLater = (): void => {
    if (isClosed()) return;
    const again = (error: unknown): void => {
      onError(error);
      beginLater();
    };
    restart = setTimeout(() => void begin().catch(again), backoffMs);
    backoffMs = Math.min(longestBackoffMs, backoffMs * 2);
  };

  return {
    begin,
    current: () => session,
    memberId: () => memberId,
    async stop() {
      clearTimeout(restart);
      await session?.stop(stopLimitMs);
    },
  };
};

/**
 * A member of a group: above one kafkajs consumer after the other, and below settlement. It tells of a partition only when
 * it really moves, and starts again by itself.
 */
export const openMember = async (options: MemberOptions): Promise<Subscription> => {
  const { consume, asking, names, onDropped, onError, onClosed } = options;
  const { topics, group } = consume;
  let closed: Promise<void> | undefined;
  const isClosed = (): boolean => closed !== undefined;
  const standing = openStanding(options.times.sessionTimeoutMs);
  const ownerMark = (): string => ownerMarkOf(sessions.memberId() ?? '');
  const handingOver = openHandOver({
    standing,
    names,
    session: () => sessions.current(),
    memberId: () => sessions.memberId(),
    isOurs: (partition) => owned.of(partition) !== undefined,
    isClosed,
  });
  const owned = openOwnedPartitions({
    handlers: consume.handlers,
    load: () => ownedCommits({ asking, names }, group, topics),
    async others() {
      const marks = new Set((await asking.members(names.inKafka(group))).map(ownerMarkOf));
      marks.delete(ownerMark());
      return marks;
    },
    async announce(commits) {
      const mark = ownerMark();
      const marked = commits.map((each) => ({
        ...each,
        ...names.theirs(each),
        metadata: withOwner(mark, each.metadata),
      }));
      // Where the group does not take it, the next owner may repeat what is under way, and nothing worse.
      const announced = sessions.current()?.commit(marked) ?? Promise.resolve();
      await within(announceLimitMs, announced, 'announcing an owner').catch(() => undefined);
    },
    moved: handingOver.moved,
    starts: (topic) => asking.starts(names.inKafka(topic)),
    ends: (topic) => asking.ends(names.inKafka(topic)),
    pause: (partition) => sessions.current()?.pause([names.theirs(partition)]),
    resume: (partition) => sessions.current()?.resume([names.theirs(partition)]),
    seek: (position) => sessions.current()?.seek({ ...position, ...names.theirs(position) }),
    group,
    onDropped,
    onError,
  });
  const sessions = openSessions({ ...options, owned, standing, isClosed });

  const leave = async (): Promise<void> => {
    owned.stop();
    standing.settle();
    await sessions.stop();
    onClosed();
  };

  try {
    await sessions.begin();
  } catch (error) {
    throw kafkaErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION'
      ? missingTopic(topics.join('" or "'))
      : toLogFault(error);
  }
  return {
    isHeard: standing.isHeard,
    pause: (partition) => owned.setPaused(partition, true),
    resume: (partition) => owned.setPaused(partition, false),
    commit: makeCommit({ owned, standing, names, session: sessions.current, isClosed, ownerMark }),
    isAwaited: handingOver.isAwaited,
    handOver: handingOver.handOver,
    close: () => (closed ??= Promise.resolve().then(leave)),
  };
};
