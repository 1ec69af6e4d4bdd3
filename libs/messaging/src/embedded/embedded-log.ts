import { Fault } from '@bellwire/errors';
import type { DroppedRecords } from '../dropped-records.ts';
import type { Log, NewRecord, Subscription } from '../log.ts';
import { newPlacing, type PlaceRecord } from '../partitioner.ts';
import { checkSize } from '../record-limits.ts';
import type { AppendRow, Placed } from './append.ts';
import { openCatalogue, type Catalogue } from './catalogue.ts';
import { openCursor } from './cursor.ts';
import type { Partition } from './partition.ts';
import { openMember, openMembers, type Members } from './member.ts';
import { openRunningTime, type RunningTime } from './running-time.ts';
import { createTopicSql, loadPartitionsSql, loadRunSql, schemaSql } from './schema.ts';
import { openWriterSession, unavailable, type WriterSession } from './session.ts';
import { openStore, type Store } from './store.ts';
import { openUpkeep } from './upkeep.ts';
import { openWriter } from './writer.ts';

export interface EmbeddedLogOptions {
  /** A Postgres database of its own; it exists already, its tables are made here. */
  connectionString: string;
  /** Memory per partition for records that a reader has not taken yet, in bytes. @default 4 MiB */
  tailBytes?: number;
  /** How often retention and compaction run, in milliseconds. @default 60000 */
  upkeepIntervalMs?: number;
  /** How long records stay that every group has settled, in milliseconds. @default an hour */
  settledMs?: number;
  /** By it the age of records is counted, while the log is open. @default performance */
  stopwatch?: { now(): number };
  /** How long to wait for the lock at the start: a process that was killed may hold it a moment longer. @default 3000 */
  lockWaitMs?: number;
  /** Something failed in the background and is tried again: a lost connection, a read, upkeep. @default ignored */
  onError?: (error: unknown) => void;
  /** Records were dropped that a group had not committed: past their retention. @default ignored */
  onDropped?: (dropped: DroppedRecords) => void;
}

/** The log for one process, on Postgres. */
export interface EmbeddedLog extends Log {
  /** Drops what is past its retention and compacts, now. */
  upkeep(): Promise<void>;
}

/**
 * Opens the log; throws a sentence where another process has it open. Three connections: one that writes and holds the
 * lock, two for reads, commits and upkeep. A lost connection fails every produce with a Fault LOG_UNAVAILABLE until it is
 * back; readers wait and go on.
 */
export const openEmbeddedLog = async (options: EmbeddedLogOptions): Promise<EmbeddedLog> => {
  const { connectionString, onError = () => undefined } = options;
  const ran = openRunningTime(options.stopwatch ?? performance);
  const catalogue = openCatalogue(options.tailBytes ?? 4 * 1024 * 1024);
  const session = await openWriterSession({
    connectionString,
    lockWaitMs: options.lockWaitMs ?? 3000,
    async onUp(query) {
      await query(schemaSql);
      for (const row of await query(loadRunSql)) ran.learn(Number(row['ran']));
      for (const row of await query(loadPartitionsSql))
        catalogue.learn(String(row['topic']), Number(row['part']), Number(row['next_offset']));
    },
    onError,
  });
  return assemble({ catalogue, session, ran, store: openStore(connectionString, onError) }, { ...options, onError });
};

const place = (catalogue: Catalogue, record: NewRecord, placeRecord: PlaceRecord): Placed => {
  checkSize(record);
  if (record.key?.includes('\0')) throw new Fault('RECORD_REFUSED', 'A key cannot contain the character U+0000.');
  const partitions = catalogue.partitions(record.topic).length;
  return { record, partition: catalogue.partition(record.topic, placeRecord(record.key, partitions)) };
};

interface Opened {
  catalogue: Catalogue;
  session: WriterSession;
  ran: RunningTime;
  store: Store;
}

interface Parts extends Opened {
  members: Members;
  /** What has to be closed before the connections are. */
  open: Set<{ close(): Promise<void> }>;
  refuseWhenClosing: () => void;
  onDropped: (dropped: DroppedRecords) => void;
  onError: (error: unknown) => void;
}

const readerOf =
  ({ catalogue, store, open, onError }: Parts): Log['read'] =>
  async (options) => {
    const cursor = openCursor({
      partition: catalogue.partition(options.topic, options.partition),
      fromOffset: options.fromOffset,
      read: store.read,
      deliver: (batch) => options.records(batch),
      reached: options.reached,
      onError,
    });
    const reader = {
      async close() {
        await cursor.close();
        open.delete(reader);
      },
    };
    open.add(reader);
    cursor.start();
    return reader;
  };

const consumerOf =
  ({ catalogue, store, members, open, refuseWhenClosing, onDropped, onError }: Parts): Log['consume'] =>
  async (consume) => {
    const partitions = consume.topics.flatMap((topic) => catalogue.partitions(topic));
    const leave = members.join(consume.group, consume.topics);
    try {
      const ends = new Map(partitions.map((partition) => [partition, partition.end()]));
      const firsts = await store.firstRecords(consume.topics);
      const commits = await store.loadCommits(consume.group, consume.topics);
      refuseWhenClosing();
      const firstOf = (own: Partition): number =>
        firsts.find(({ topic, partition }) => topic === own.topic && partition === own.partition)?.offset ??
        ends.get(own) ??
        0;
      const onClosed = (): void => {
        leave();
        open.delete(member);
      };
      const member: Subscription = openMember({
        consume,
        partitions,
        commits,
        firstOf,
        store,
        onDropped,
        onError,
        onClosed,
      });
      open.add(member);
      return member;
    } catch (error) {
      leave();
      throw error;
    }
  };

const hourMs = 60 * 60 * 1000;

const assemble = (opened: Opened, given: EmbeddedLogOptions & { onError: (error: unknown) => void }): EmbeddedLog => {
  const { catalogue, session, ran, store } = opened;
  const { upkeepIntervalMs = 60_000, settledMs = hourMs, onDropped = () => undefined, onError } = given;
  const writer = openWriter((query) => session.query<AppendRow>(query), ran);
  const members = openMembers();
  const upkeep = openUpkeep({
    store,
    topics: () => catalogue.specified(),
    groupsOf: members.of,
    ran,
    settledMs,
    intervalMs: upkeepIntervalMs,
    onDropped,
    onError,
  });
  let closing: Promise<void> | undefined;
  const refuseWhenClosing = (): void => {
    if (closing !== undefined) throw new Fault('STOPPING', 'The log is closing.');
  };
  const parts: Parts = { ...opened, members, open: new Set(), refuseWhenClosing, onDropped, onError };
  const nextPlacing = newPlacing();
  const consume = consumerOf(parts);
  const read = readerOf(parts);

  const closeAll = async (): Promise<void> => {
    await writer.close();
    await Promise.all([...parts.open].map((part) => part.close()));
    await upkeep.close();
    await Promise.all([store.close(), session.close()]);
  };

  return {
    async topics(specs) {
      refuseWhenClosing();
      await catalogue.ensure(specs, async ({ name, partitions }) => {
        await session.query({ text: createTopicSql, values: [name, partitions] });
      });
    },
    async produce(records) {
      refuseWhenClosing();
      if (records.length === 0) return [];
      const bytes = records.reduce((sum, record) => sum + (record.value?.length ?? 0), 0);
      const placeRecord = nextPlacing();
      const placed = records.map((record) => place(catalogue, record, placeRecord));
      return writer.write(placed, bytes);
    },
    async consume(options) {
      refuseWhenClosing();
      return consume(options);
    },
    async read(options) {
      refuseWhenClosing();
      return read(options);
    },
    async endOffsets(topic) {
      refuseWhenClosing();
      // A write that failed may have reached the disk: only a new connection knows the end.
      if (!session.isUp()) throw unavailable(new Error('there is no connection'));
      return catalogue.partitions(topic).map((partition) => partition.end());
    },
    async commits(group, topics) {
      refuseWhenClosing();
      return store.loadCommits(group, topics);
    },
    upkeep: () => upkeep.run(),
    close: () => (closing ??= closeAll()),
  };
};
