/** A partitioned log: what Kafka is, and what the embedded adapter does on Postgres. */

export interface NewRecord {
  topic: string;
  /** Records of one key share a partition and keep their order. Without a key any partition will do: all of a call go to one. */
  key?: string | undefined;
  /** null in a compacted topic: the key is deleted. */
  value: Uint8Array | null;
  headers?: Readonly<Record<string, string>>;
}

export interface LogRecord {
  topic: string;
  partition: number;
  offset: number;
  /** Empty where it was written without one. */
  key: string;
  value: Uint8Array | null;
  headers: Readonly<Record<string, string>>;
  /** When the log took it, in milliseconds since 1970. */
  timestampMs: number;
}

export interface TopicPartition {
  topic: string;
  partition: number;
}

export interface Position extends TopicPartition {
  offset: number;
}

/** What a group has committed for a partition: it goes on at `offset`. `metadata` is the settlement's own, at most 4,000 bytes. */
export interface Commit extends Position {
  metadata: string;
}

export interface TopicSpec {
  name: string;
  partitions: number;
  /** How long a record stays; compacted topics keep the last record of each key. */
  retentionMs: number;
  cleanup: 'delete' | 'compact';
}

/** How long the next owner of a partition waits for the former one to hand it over, in milliseconds. */
export const handOverMs = 5000;

export interface Assigned {
  partition: TopicPartition;
  commit: Commit | undefined;
  /** It did not hand over in its time, and is in the group all the same. @default false */
  isFormerAlive?: boolean;
}

export interface ConsumerHandlers {
  /**
   * These partitions are ours now, with what the group has committed for each (undefined: from the beginning).
   * A partition that we keep through a rebalance is not assigned again. One that comes from a member which goes on working
   * comes when that one has handed it over, or `handOverMs` after it moved.
   */
  assigned(partitions: readonly Assigned[]): void;
  /** These partitions are no longer ours; nothing that we commit for them counts any more but what is handed over. */
  revoked(partitions: readonly TopicPartition[]): void;
  /** Records of one partition in order of offset. Returns at once: never waits. */
  records(batch: readonly LogRecord[]): void;
}

export interface ConsumeOptions {
  topics: readonly string[];
  group: string;
  /**
   * Fetches begin so many milliseconds apart at least, while there is something to fetch: fewer and larger ones. A log on
   * which a fetch costs little may fetch more often. @default 0
   */
  paceMs?: number | undefined;
  /** A fetch takes so many bytes of a partition at most, and one record at least. @default 1.5 to 2 MiB */
  fetchBytes?: number | undefined;
  handlers: ConsumerHandlers;
}

export interface Subscription {
  /** Stops fetching a partition; what was fetched may still be handed over. */
  pause(partition: TopicPartition): void;
  resume(partition: TopicPartition): void;
  commit(commits: readonly Commit[]): Promise<void>;
  /** Whether the next owner of a partition that was revoked waits for us to hand it over. */
  isAwaited(partition: TopicPartition): boolean;
  /**
   * The last word on a partition that was revoked: nothing of it is under way here any more, and its next owner goes on
   * from this commit. Does nothing where that one has begun already: it came too late, or we were taken for dead; nor where
   * the partition has come back since, even if it moved away once more: that is another move, with a last word of its own.
   */
  handOver(commit: Commit): Promise<void>;
  /**
   * False where the group has not heard of us for so long that others may have our partitions, and we do not know yet: what
   * is in hand is not to be begun until this is true again, or the partition is revoked.
   */
  isHeard(): boolean;
  /** Stops fetching and leaves the group. Commit before you call it. */
  close(): Promise<void>;
}

export interface ReadOptions extends TopicPartition {
  /** The first offset to read; records that are gone by retention or compaction are skipped. */
  fromOffset: number;
  /** Records in order of offset; returns at once. */
  records(batch: readonly LogRecord[]): void;
  /**
   * Everything below this offset was handed over or is gone. Called where no record says so: retention may have taken the
   * last records of a partition, and on Kafka compaction too.
   */
  reached?(offset: number): void;
  /**
   * The partition ended before the offset that was to be read next: its topic was made anew, or has lost records. Reading
   * goes on from this offset, its first; whoever opened the log has been told. Not where it has grown beyond that meanwhile.
   */
  begunAnew?(offset: number): void;
}

/** A reader of one partition outside any group: for views and for following along. */
export interface Reader {
  close(): Promise<void>;
}

export interface Log {
  /** Creates topics that are missing and checks the others; throws a sentence that names what is wrong. */
  topics(specs: readonly TopicSpec[]): Promise<void>;
  /**
   * Resolves when all in-sync replicas have all of the records, with a position for each; rejects with a Fault
   * LOG_UNAVAILABLE if unsure. One call is one write: callers with single records go through a batching producer.
   * What can never be written (`isRefused`: a record over `maxRecordBytes`, or one that the log refuses for good) rejects
   * its own call with a Fault RECORD_TOO_LARGE or RECORD_REFUSED, and no other call of the same moment.
   */
  produce(records: readonly NewRecord[]): Promise<readonly Position[]>;
  /** Joins a group. Handlers are called from then on; a group shares partitions among its members. */
  consume(options: ConsumeOptions): Promise<Subscription>;
  read(options: ReadOptions): Promise<Reader>;
  /** The offset after the last record of each partition of a topic. */
  endOffsets(topic: string): Promise<readonly number[]>;
  /** What a group has committed of these topics; nothing of a partition of which it has committed nothing. Asks, joins nothing. */
  commits(group: string, topics: readonly string[]): Promise<readonly Commit[]>;
  close(): Promise<void>;
}
