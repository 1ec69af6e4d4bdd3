import { Fault, invalidField } from '@bellwire/errors';
import type { Log, NewRecord, Subscription } from '../log.ts';
import { newPlacing, type PlaceRecord } from '../partitioner.ts';
import type { Placed } from './append.ts';
import { openCatalogue, type Catalogue } from './catalogue.ts';
import { openCursor } from './cursor.ts';
import { openMember, openMembers } from './member.ts';
import { createTopicSql, loadPartitionsSql, schemaSql } from './schema.ts';
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
  /** How long to wait for the lock at the start: a process that was killed may hold it a moment longer. @default 3000 */
  lockWaitMs?: number;
  /** Something failed in the background and is tried again: a lost connection, a read, upkeep. @default ignored */
  onError?: (error: unknown) => void;
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
  const catalogue = openCatalogue(options.tailBytes ?? 4 * 1024 * 1024);
  const session = await openWriterSession({
    connectionString,
    lockWaitMs: options.lockWaitMs ?? 3000,
    async onUp(query) {
      await query(schemaSql);
      for (const row of await query(loadPartitionsSql))
        catalogue.learn(String(row['topic']), Number(row['part']), Number(row['next_offset']));
    },
    onError,
  });
  return assemble(catalogue, session, openStore(connectionString, onError), { ...options, onError });
};

const place = (catalogue: Catalogue, record: NewRecord, placeRecord: PlaceRecord): Placed => {
  if (record.key?.includes('\0')) throw invalidField('key', 'a key cannot contain the character U+0000');
  const partitions = catalogue.partitions(record.topic).length;
  return { record, partition: catalogue.partition(record.topic, placeRecord(record.key, partitions)) };
};

interface Parts {
  catalogue: Catalogue;
  session: WriterSession;
  store: Store;
  /** What has to be closed before the connections are. */
  open: Set<{ close(): Promise<void> }>;
  refuseWhenClosing: () => void;
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

const consumerOf = ({ catalogue, store, open, refuseWhenClosing, onError }: Parts): Log['consume'] => {
  const members = openMembers();
  return async (consume) => {
    const partitions = consume.topics.flatMap((topic) => catalogue.partitions(topic));
    const leave = members.join(consume.group, consume.topics);
    try {
      const commits = await store.loadCommits(consume.group, consume.topics);
      refuseWhenClosing();
      const onClosed = (): void => {
        leave();
        open.delete(member);
      };
      const member: Subscription = openMember({ consume, partitions, commits, store, onError, onClosed });
      open.add(member);
      return member;
    } catch (error) {
      leave();
      throw error;
    }
  };
};

const assemble = (
  catalogue: Catalogue,
  session: WriterSession,
  store: Store,
  { upkeepIntervalMs = 60_000, onError }: EmbeddedLogOptions & { onError: (error: unknown) => void },
): EmbeddedLog => {
  const writer = openWriter(session);
  const upkeep = openUpkeep({ store, topics: () => catalogue.specified(), intervalMs: upkeepIntervalMs, onError });
  let closing: Promise<void> | undefined;
  const refuseWhenClosing = (): void => {
    if (closing !== undefined) throw new Fault('STOPPING', 'The log is closing.');
  };
  const parts: Parts = { catalogue, session, store, open: new Set(), refuseWhenClosing, onError };
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
