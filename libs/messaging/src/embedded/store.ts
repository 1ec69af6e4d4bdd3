import { Pool, type QueryResult, type QueryResultRow } from 'pg';
import type { Commit, LogRecord } from '../log.ts';
import type { Partition } from './partition.ts';
import { loadCommitsSql, readSql, saveCommitsSql } from './schema.ts';
import { unavailable } from './session.ts';
import { openStoreUpkeep, type StoreUpkeep } from './store-upkeep.ts';

/** The next records of a partition: at most so many, and no more once there are so many bytes of values. */
export type ReadRecords = (
  partition: Partition,
  fromOffset: number,
  limit: { records: number; bytes: number },
) => Promise<readonly LogRecord[]>;

/** Everything but appending: reads, commits and upkeep, on a few connections of their own. */
export interface Store extends StoreUpkeep {
  read: ReadRecords;
  loadCommits(group: string, topics: readonly string[]): Promise<readonly Commit[]>;
  saveCommits(group: string, commits: readonly Commit[]): Promise<void>;
  close(): Promise<void>;
}

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/** Headers are written by layOut() only; anything else in the column reads as none. */
export const parseHeaders = (text: string | null): Readonly<Record<string, string>> => {
  if (text === null) return noHeaders;
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) return noHeaders;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) if (typeof value === 'string') headers[name] = value;
  return headers;
};

interface RecordRow {
  off: string;
  key: string;
  value: Buffer | null;
  headers: string | null;
  at: string;
}

interface CommitRow {
  topic: string;
  part: number;
  off: string;
  metadata: string;
}

/**
 * synchronous_commit is off here: what a crash of the machine can take is the last half second of commits, and that only
 * repeats work; dropping old records twice does nothing. Appending never comes this way.
 */
export const openStore = (connectionString: string, onError: (error: unknown) => void): Store => {
  const pool = new Pool({
    connectionString,
    application_name: 'bellwire-log',
    max: 2,
    connectionTimeoutMillis: 5000,
    query_timeout: 60_000,
    keepAlive: true,
    options: '-c synchronous_commit=off -c jit=off',
  });
  pool.on('error', onError);

  const query = async <Row extends QueryResultRow>(
    name: string,
    text: string,
    values: unknown[],
  ): Promise<QueryResult<Row>> => {
    try {
      return await pool.query<Row>({ name, text, values });
    } catch (error) {
      throw unavailable(error);
    }
  };

  return {
    async read({ topic, partition }, fromOffset, limit) {
      const values = [topic, partition, fromOffset, limit.records, limit.bytes];
      const { rows } = await query<RecordRow>('read', readSql, values);
      return rows.map(({ off, key, value, headers, at }) => ({
        topic,
        partition,
        offset: Number(off),
        key,
        value,
        headers: parseHeaders(headers),
        timestampMs: Number(at),
      }));
    },
    async loadCommits(group, topics) {
      const { rows } = await query<CommitRow>('load-commits', loadCommitsSql, [group, topics]);
      return rows.map(({ topic, part, off, metadata }) => ({ topic, partition: part, offset: Number(off), metadata }));
    },
    async saveCommits(group, commits) {
      await query('save-commits', saveCommitsSql, [
        group,
        commits.map((commit) => commit.topic),
        commits.map((commit) => commit.partition),
        commits.map((commit) => commit.offset),
        commits.map((commit) => commit.metadata),
      ]);
    },
    ...openStoreUpkeep(query),
    close: () => pool.end(),
  };
};
