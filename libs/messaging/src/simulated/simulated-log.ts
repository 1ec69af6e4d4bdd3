import { Fault } from '@bellwire/errors';
import type { DroppedRecords } from '../dropped-records.ts';
import type {
  Commit,
  ConsumeOptions,
  Log,
  LogRecord,
  Position,
  Reader,
  ReadOptions,
  Subscription,
  TopicPartition,
} from '../log.ts';
import { checkSize } from '../record-limits.ts';
import { indexOf, openBroker, type Broker } from './broker.ts';
import { nameOf, type Cursor, type Member } from './members.ts';

export interface SimulatedLogOptions {
  /** Topics that nobody created come up with so many partitions when they are first used. @default they are refused */
  partitions?: number;
  /** Records are handed over in batches of at most so many. @default 500 */
  batchRecords?: number;
  /** Share of produce calls, in [0, 1], that fail or whose acknowledgement is lost; drawn from `random`. @default 0 */
  produceFails?: number;
  produceAckLost?: number;
  commitFails?: number;
  /** A seeded one makes a run repeatable. @default never fails by chance */
  random?: () => number;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
  /** By it the age of records is counted. @default performance */
  stopwatch?: { now(): number };
  /** A group has come to where records are gone that it had not read. @default ignored */
  onDropped?: (dropped: DroppedRecords) => void;
}

/** Faults to come. Each counts down by one for every call that it hits. */
export interface SimulatedFaults {
  /** The next calls of produce() reject, and the log has none of their records. */
  failProduce(calls?: number): void;
  /** The next calls of produce() reject although the log has their records. */
  loseProduceAck(calls?: number): void;
  /** The next calls of commit() reject, and nothing is committed. */
  failCommit(calls?: number): void;
}

/** A log in memory for tests of what lives above the port: several members in a group, and faults on demand. */
export interface SimulatedLog extends Log {
  readonly faults: SimulatedFaults;
  /** Another client of the same records, groups and faults: what a second process, or the same one after a restart, sees. */
  connect(): SimulatedLog;
  /** All records of a topic, by partition and offset. */
  records(topic: string): readonly LogRecord[];
  committed(group: string): readonly Commit[];
  /** Compacts and drops what is past its retention, now. */
  upkeep(): void;
  /** Drops the records of a partition below an offset, read or not: a retention that was shortened. */
  dropBelow(position: Position): void;
}

interface Shared extends SimulatedLogOptions {
  broker: Broker;
  now: () => number;
  batchRecords: number;
  countdowns: { produce: number; ack: number; commit: number };
}

export const simulatedLog = (options: SimulatedLogOptions = {}): SimulatedLog =>
  connect({
    ...options,
    broker: openBroker(options.partitions, options.stopwatch ?? { now: () => performance.now() }),
    now: options.now ?? Date.now,
    batchRecords: options.batchRecords ?? 500,
    countdowns: { produce: 0, ack: 0, commit: 0 },
  });

/** Hands over what the cursors have not seen, a batch per partition and turn, until there is no more. */
const openPump = (
  { broker, batchRecords }: Shared,
  cursors: () => Iterable<Cursor>,
  deliver: (batch: readonly LogRecord[]) => void,
  gone: { passOver?(position: Position, first: number): void; reached?(offset: number): void } = {},
) => {
  let scheduled = false;
  let closed = false;

  const pump = (): void => {
    scheduled = false;
    for (const cursor of cursors()) {
      if (closed || cursor.paused) continue;
      const { stored, position } = cursor;
      const from = indexOf(stored, position);
      const batch = stored.records.slice(from, from + batchRecords);
      const last = batch.at(-1);
      if (last === undefined) {
        if (gone.reached === undefined || position >= stored.end) continue;
        cursor.position = stored.end;
        gone.reached(stored.end);
        continue;
      }
      const first = batch[0]?.offset ?? position;
      if (first > position)
        gone.passOver?.({ topic: stored.topic, partition: stored.partition, offset: position }, first);
      cursor.position = last.offset + 1;
      wake();
      deliver(batch);
    }
  };

  const hasMore = (): boolean => {
    for (const { paused, position, stored } of cursors()) if (!paused && position < stored.end) return true;
    return false;
  };

  const wake = (): void => {
    if (scheduled || closed || !hasMore()) return;
    scheduled = true;
    setImmediate(pump);
  };

  const unlisten = broker.listen(wake);
  const close = (): void => {
    closed = true;
    unlisten();
  };
  return { wake, close };
};

interface Client {
  shared: Shared;
  /** How to leave what is open. */
  open: Set<() => void>;
  strikes: (fault: keyof Shared['countdowns'], chance: number | undefined) => boolean;
}

const unavailable = (): Fault => new Fault('LOG_UNAVAILABLE', 'The log cannot be reached.');

const consume = ({ shared, open, strikes }: Client, options: ConsumeOptions): Subscription => {
  const { topics, handlers } = options;
  for (const topic of topics) shared.broker.partitions(topic);
  const group = shared.broker.group(options.group);
  const cursors = new Map<string, Cursor>();
  const pump = openPump(
    shared,
    () => cursors.values(),
    (batch) => handlers.records(batch),
    {
      passOver: ({ topic, partition, offset: from }, first) =>
        shared.onDropped?.({ group: options.group, topic, partition, from, to: first - 1, count: first - from }),
    },
  );
  const member: Member = { topics, handlers, cursors, wake: pump.wake };
  const leave = (): void => {
    open.delete(leave);
    pump.close();
    group.leave(member);
  };
  open.add(leave);
  group.join(member);
  const setPaused = (partition: TopicPartition, paused: boolean): void => {
    const cursor = cursors.get(nameOf(partition));
    if (cursor !== undefined) cursor.paused = paused;
    pump.wake();
  };
  return {
    isHeard: () => true,
    pause: (partition) => setPaused(partition, true),
    resume: (partition) => setPaused(partition, false),
    async commit(commits) {
      await Promise.resolve();
      if (!open.has(leave)) throw new Fault('STOPPING', 'The consumer has left its group.');
      if (strikes('commit', shared.commitFails)) throw unavailable();
      group.commit(member, commits);
    },
    isAwaited: (partition) => open.has(leave) && group.isAwaited(member, partition),
    async handOver(commit) {
      await Promise.resolve();
      if (!open.has(leave)) return;
      if (strikes('commit', shared.commitFails)) throw unavailable();
      group.handOver(member, commit);
    },
    close: async () => leave(),
  };
};

const read = ({ shared, open }: Client, options: ReadOptions): Reader => {
  const { topic, partition, fromOffset } = options;
  const stored = shared.broker.partitions(topic)[partition];
  if (stored === undefined) throw new Error(`Topic "${topic}" has no partition ${partition}.`);
  const cursor: Cursor = { stored, position: fromOffset, paused: false };
  const pump = openPump(
    shared,
    () => [cursor],
    (batch) => options.records(batch),
    { reached: (offset) => options.reached?.(offset) },
  );
  const close = (): void => {
    open.delete(close);
    pump.close();
  };
  open.add(close);
  pump.wake();
  return { close: async () => close() };
};

const connect = (shared: Shared): SimulatedLog => {
  const { broker, countdowns, random, now } = shared;
  let closed = false;

  const refuseWhenClosed = (): void => {
    if (closed) throw new Fault('STOPPING', 'The log is closed.');
  };

  const strikes = (fault: keyof typeof countdowns, chance: number | undefined): boolean => {
    if (countdowns[fault] > 0) {
      countdowns[fault]--;
      return true;
    }
    return random !== undefined && chance !== undefined && random() < chance;
  };

  const client: Client = { shared, open: new Set(), strikes };

  return {
    faults: {
      failProduce: (calls = 1) => void (countdowns.produce += calls),
      loseProduceAck: (calls = 1) => void (countdowns.ack += calls),
      failCommit: (calls = 1) => void (countdowns.commit += calls),
    },
    connect: () => connect(shared),
    records: (topic) => broker.partitions(topic).flatMap((stored) => stored.records),
    committed: (group) => broker.group(group).committed(),
    upkeep: () => broker.compact(),
    dropBelow: (position) => broker.dropBelow(position),
    async topics(specs) {
      refuseWhenClosed();
      broker.ensure(specs);
    },
    async produce(records) {
      refuseWhenClosed();
      await Promise.resolve();
      records.forEach(checkSize);
      if (strikes('produce', shared.produceFails)) throw unavailable();
      const positions = broker.append(records, now());
      if (strikes('ack', shared.produceAckLost)) throw unavailable();
      return positions;
    },
    async consume(options) {
      refuseWhenClosed();
      return consume(client, options);
    },
    async read(options) {
      refuseWhenClosed();
      return read(client, options);
    },
    async endOffsets(topic) {
      refuseWhenClosed();
      return broker.partitions(topic).map((stored) => stored.end);
    },
    async commits(group, topics) {
      refuseWhenClosed();
      return broker
        .group(group)
        .committed()
        .filter(({ topic }) => topics.includes(topic));
    },
    async close() {
      closed = true;
      for (const leave of client.open) leave();
    },
  };
};
