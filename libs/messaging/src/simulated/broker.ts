import type { LogRecord, NewRecord, Position, TopicPartition, TopicSpec } from '../log.ts';
import { openGroup, type Group } from './group.ts';
import { newPlacing, partitionsDiffer } from '../partitioner.ts';

/** What survives when a process ends: records and commits, in memory. */
export interface Broker {
  ensure(specs: readonly TopicSpec[]): void;
  partitions(topic: string): readonly StoredPartition[];
  append(records: readonly NewRecord[], timestampMs: number): readonly Position[];
  group(name: string): Group;
  /** Keeps the newest record of each key in compacted topics, drops old tombstones and what is past its retention. */
  compact(): void;
  dropBelow(position: Position): void;
  /** Called after every append. */
  listen(wake: () => void): () => void;
}

export interface StoredPartition extends TopicPartition {
  /** In order of offset, perhaps with gaps. */
  records: LogRecord[];
  end: number;
}

/** The index of the first record at or after an offset. */
export const indexOf = ({ records }: StoredPartition, offset: number): number => {
  let low = 0;
  for (let high = records.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.offset ?? offset) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** `partitions`: topics that nobody created come up with so many when they are first used. */
export const openBroker = (partitions: number | undefined, stopwatch: { now(): number }): Broker => {
  /** When each record was taken: a clock that is set makes none old. */
  const takenAtMs = new WeakMap<LogRecord, number>();
  const nextPlacing = newPlacing();
  const topics = new Map<string, { spec: TopicSpec; partitions: StoredPartition[] }>();
  const groups = new Map<string, Group>();
  const listeners = new Set<() => void>();

  const create = (spec: TopicSpec): StoredPartition[] => {
    const created = Array.from({ length: spec.partitions }, (_, partition): StoredPartition => ({
      topic: spec.name,
      partition,
      records: [],
      end: 0,
    }));
    topics.set(spec.name, { spec, partitions: created });
    return created;
  };

  const find = (topic: string): StoredPartition[] => {
    const found = topics.get(topic)?.partitions;
    if (found !== undefined) return found;
    if (partitions === undefined) throw new Error(`There is no topic "${topic}": name it in topics() first.`);
    return create({ name: topic, partitions, retentionMs: Number.MAX_SAFE_INTEGER, cleanup: 'delete' });
  };

  const keep = (spec: TopicSpec, all: readonly LogRecord[]): LogRecord[] => {
    const isOld = (record: LogRecord): boolean => stopwatch.now() - (takenAtMs.get(record) ?? 0) > spec.retentionMs;
    if (spec.cleanup === 'delete') return all.filter((record) => !isOld(record));
    const newest = new Map(all.map((record) => [record.key, record]));
    const last = all.at(-1);
    const worth = (record: LogRecord): boolean =>
      newest.get(record.key) === record && (record.value !== null || !isOld(record));
    return all.filter((record) => record === last || worth(record));
  };

  return {
    ensure(specs) {
      for (const spec of specs) {
        const existing = topics.get(spec.name);
        if (existing === undefined) create(spec);
        else if (existing.partitions.length !== spec.partitions)
          throw partitionsDiffer(spec, existing.partitions.length);
        else existing.spec = spec;
      }
    },
    partitions: find,
    append(records, timestampMs) {
      const placeRecord = nextPlacing();
      const placed = records.map((record) => {
        const all = find(record.topic);
        const stored = all[placeRecord(record.key, all.length)];
        if (stored === undefined) throw new Error(`Topic "${record.topic}" has no partitions.`);
        return { record, stored };
      });
      const positions = placed.map(({ record: { key = '', value, headers = {} }, stored }) => {
        const { topic, partition } = stored;
        const offset = stored.end++;
        const taken = { topic, partition, offset, key, value, headers, timestampMs };
        takenAtMs.set(taken, stopwatch.now());
        stored.records.push(taken);
        return { topic, partition, offset };
      });
      for (const wake of listeners) wake();
      return positions;
    },
    group(name) {
      let group = groups.get(name);
      if (group === undefined) groups.set(name, (group = openGroup(find)));
      return group;
    },
    compact() {
      for (const { spec, partitions: all } of topics.values())
        for (const stored of all) stored.records = keep(spec, stored.records);
    },
    dropBelow({ topic, partition, offset }) {
      const stored = find(topic)[partition];
      if (stored !== undefined) stored.records = stored.records.slice(indexOf(stored, offset));
    },
    listen(wake) {
      listeners.add(wake);
      return () => void listeners.delete(wake);
    },
  };
};
