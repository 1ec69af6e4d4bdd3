import type { Database } from '@bellwire/persistence';
import type { Rows } from '../rows.ts';
import type { Statement } from './insert.ts';
import type { Partitions } from './partitions.ts';
import {
  insertAttempts,
  insertUnreadable,
  raiseProgress,
  upsertDeadLetters,
  upsertDeliveries,
  upsertEvents,
} from './statements.ts';
import type { Tables } from './tables.ts';

/** Some row can never be stored: trying again as it is will not help. The message says what Postgres said. */
export class UnstorableRows extends Error {
  override readonly name = 'UnstorableRows';
}

/** A fan-out may plan more deliveries than one statement should carry. */
const rowsPerStatement = 5000;

const sqlStateOf = (error: unknown): string =>
  error instanceof Object && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** check_violation: the partition of a row is gone, because another process dropped it. */
const partitionMissing = '23514';

// Data exceptions, constraints, and limits of the program such as the size of an index row.
// https://www.postgresql.org/docs/18/errcodes-appendix.html
const isUnstorable = (sqlState: string): boolean => /^(22|23|54)/.test(sqlState) && sqlState !== partitionMissing;

/** Each is made when its turn comes: all at once would hold up the thread that delivers for longer. */
const statementsOf = (rows: Rows): (() => Statement)[] => {
  const statements: (() => Statement)[] = [];
  const push = <Row>(make: (some: readonly Row[]) => Statement, all: readonly Row[]): void => {
    for (let at = 0; at < all.length; at += rowsPerStatement) {
      statements.push(() => make(all.slice(at, at + rowsPerStatement)));
    }
  };
  push(upsertEvents, rows.events);
  push(upsertDeliveries, rows.deliveries);
  push(insertAttempts, rows.attempts);
  push(upsertDeadLetters, rows.deadLetters);
  push(insertUnreadable, rows.unreadable);
  push(raiseProgress, rows.progress);
  return statements;
};

const daysOf = (rows: Rows): Set<number> => {
  const days = new Set<number>();
  for (const table of [rows.events, rows.deliveries, rows.attempts, rows.deadLetters]) {
    for (const { day } of table) days.add(day);
  }
  return days;
};

/**
 * Writes rows in one transaction, making the partitions that they need. Idempotent.
 *
 * @throws UnstorableRows where one of the rows is at fault; anything else as pg threw it: trying again helps
 */
export const makeWriteRows =
  ({ pool, partitions }: { pool: Database<Tables>['pool']; partitions: Partitions }) =>
  async (rows: Rows): Promise<void> => {
    await partitions.ensure(daysOf(rows));
    const client = await pool.connect();
    try {
      // Two statements in one round trip; audit writes for all tenants.
      await client.query(`begin; set local bellwire.tenant_id = '*'`);
      for (const statement of statementsOf(rows)) await client.query(statement());
      await client.query('commit');
      client.release();
    } catch (error) {
      // Whatever the connection is left in, it is not used again; closing it rolls back.
      client.release(true);
      const sqlState = sqlStateOf(error);
      if (sqlState === partitionMissing) partitions.forget();
      if (isUnstorable(sqlState))
        throw new UnstorableRows(error instanceof Error ? error.message : sqlState, { cause: error });
      throw error;
    }
  };

export type WriteRows = ReturnType<typeof makeWriteRows>;
