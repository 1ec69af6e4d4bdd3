import type { QueryResult, QueryResultRow } from 'pg';
import type { DroppedRecords } from '../dropped-records.ts';
import type { Position } from '../log.ts';
import type { Partition } from './partition.ts';
import {
  compactSql,
  firstRecordsSql,
  forgetDroppedSql,
  loadAllCommitsSql,
  saveRunSql,
  trimSettledSql,
  trimSql,
} from './schema.ts';

/** What retention and compaction ask of the database. */
export interface StoreUpkeep {
  /** Of all groups. */
  allCommits(): Promise<readonly GroupPosition[]>;
  /** The first record of each partition that has any. */
  firstRecords(topics: readonly string[]): Promise<readonly FirstRecord[]>;
  // Times of upkeep are running times of the log.
  /** Drops some of what lies below an offset and was taken before then; false where nothing is left to drop. */
  trimSettled(partition: Partition, belowOffset: number, beforeMs: number): Promise<boolean>;
  /** Drops some of what was taken before then, and writes down what of it the groups had not committed. */
  trim(partition: Partition, trim: Trim): Promise<{ isMore: boolean; dropped: readonly DroppedRecords[] }>;
  /** Keeps the newest record of each key; tombstones that were taken before `beforeMs` go too. */
  compact(partition: Partition, beforeMs: number): Promise<void>;
  /** How long the log has been open; what was dropped in the runs before the newest ones is forgotten. */
  saveRun(ranMs: number): Promise<void>;
}

export interface FirstRecord extends Position {
  /** When it was taken, in running time. */
  ranMs: number;
}

/** Where a group goes on. */
export interface GroupPosition extends Position {
  group: string;
}

export interface Trim {
  beforeMs: number;
  /** Of the groups that consume the partition. */
  positions: readonly Pick<GroupPosition, 'group' | 'offset'>[];
  /** Names the run of upkeep. */
  runMs: number;
}

interface TrimRow {
  gone: number;
  name: string | null;
  from_off: string;
  to_off: string;
  records: string;
}

interface PositionRow {
  topic: string;
  part: number;
  off: string;
}

/** So that no statement takes long, and the log is closed soon. */
const trimmedAtOnce = 2000;
const keptDropped = 1000;

type Query = <Row extends QueryResultRow>(name: string, text: string, values: unknown[]) => Promise<QueryResult<Row>>;

export const openStoreUpkeep = (query: Query): StoreUpkeep => ({
  async allCommits() {
    const { rows } = await query<PositionRow & { consumer_group: string }>('all-commits', loadAllCommitsSql, []);
    return rows.map((row) => ({
      group: row.consumer_group,
      topic: row.topic,
      partition: row.part,
      offset: Number(row.off),
    }));
  },
  async firstRecords(topics) {
    const { rows } = await query<PositionRow & { ran: string }>('first-records', firstRecordsSql, [topics]);
    return rows.map(({ topic, part, off, ran }) => ({
      topic,
      partition: part,
      offset: Number(off),
      ranMs: Number(ran),
    }));
  },
  async trimSettled({ topic, partition }, belowOffset, beforeMs) {
    const values = [topic, partition, beforeMs, belowOffset, trimmedAtOnce];
    const { rowCount } = await query('trim-settled', trimSettledSql, values);
    return rowCount === trimmedAtOnce;
  },
  async trim({ topic, partition }, { beforeMs, positions, runMs }) {
    const groups = positions.map(({ group }) => group);
    const offsets = positions.map(({ offset }) => offset);
    const values = [topic, partition, beforeMs, trimmedAtOnce, groups, offsets, runMs];
    const { rows } = await query<TrimRow>('trim', trimSql, values);
    const dropped = rows.flatMap(({ name, from_off: from, to_off: to, records }) =>
      name === null
        ? []
        : [{ group: name, topic, partition, from: Number(from), to: Number(to), count: Number(records) }],
    );
    return { isMore: rows[0]?.gone === trimmedAtOnce, dropped };
  },
  async saveRun(ranMs) {
    await query('save-run', saveRunSql, [ranMs]);
    await query('forget-dropped', forgetDroppedSql, [keptDropped]);
  },
  async compact({ topic, partition }, beforeMs) {
    await query('compact', compactSql, [topic, partition, beforeMs]);
  },
});
