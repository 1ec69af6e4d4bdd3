import { tenantPolicySql, type Database } from '@bellwire/persistence';
import { dayOf, dayText, type Day } from '../days.ts';
import { partitionedTables, type Tables } from './tables.ts';

/** The day partitions of the tables. */
export interface Partitions {
  /** Makes those of these days that are missing; any number of processes may do so at once. */
  ensure(days: Iterable<Day>): Promise<void>;
  /** Drops those of earlier days, with all that is in them; answers their names. */
  dropBefore(day: Day): Promise<readonly string[]>;
  /** Asks Postgres again what there is. */
  forget(): void;
}

type Pool = Database<Tables>['pool'];
type Query = (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }>;

const nameOf = (table: string, day: Day): string => `${table}_p${dayText(day).replaceAll('-', '')}`;

const dayOfName = (name: string): Day | undefined => {
  const [, year, month, date] = /_p(\d{4})(\d{2})(\d{2})$/.exec(name) ?? [];
  return year === undefined ? undefined : dayOf(Date.parse(`${year}-${month}-${date}T00:00:00Z`));
};

/** A statement that waits for a lock holds up those behind it: rather try again. */
const inTransaction = async <T>(pool: Pool, work: (query: Query) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  try {
    await client.query(`begin; set local lock_timeout = '2s'`);
    const result = await work((text, values) => client.query(text, values));
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
};

/**
 * Made apart and attached, because `create table … partition of` would lock out readers and writers of the parent. The
 * policies are the parent's again, so that a partition that is read by its own name keeps tenants apart too.
 */
const create = async (query: Query, table: string, day: Day): Promise<void> => {
  const name = `audit.${nameOf(table, day)}`;
  const { rows } = await query('select 1 where to_regclass($1) is not null', [name]);
  if (rows.length > 0) return;
  await query(`create table ${name} (like audit.${table} including all)`);
  for (const statement of tenantPolicySql(name)) await query(statement);
  const range = `from ('${dayText(day)}') to ('${dayText(day + 1)}')`;
  await query(`alter table audit.${table} attach partition ${name} for values ${range}`);
};

export const openPartitions = (pool: Pool): Partitions => {
  const known = new Set<Day>();

  return {
    async ensure(days) {
      const missing = [...days].filter((day) => !known.has(day));
      if (missing.length === 0) return;
      await inTransaction(pool, async (query) => {
        await query(`select pg_advisory_xact_lock(hashtextextended('bellwire.audit.partitions', 0))`);
        for (const day of missing) for (const table of partitionedTables) await create(query, table, day);
      });
      for (const day of missing) known.add(day);
    },
    async dropBefore(day) {
      const { rows } = await pool.query<{ name: string }>(
        `select child.relname as name from pg_inherits
           join pg_class child on child.oid = inhrelid
           join pg_class parent on parent.oid = inhparent
           join pg_namespace on pg_namespace.oid = parent.relnamespace
         where nspname = 'audit' and parent.relkind = 'p' order by child.relname`,
      );
      const old = rows.map(({ name }) => name).filter((name) => (dayOfName(name) ?? day) < day);
      for (const name of old) {
        // Takes an exclusive lock on the parent, for a moment: nothing is read to drop a table.
        await inTransaction(pool, (query) => query(`drop table if exists audit.${name}`));
      }
      for (const kept of known) if (kept < day) known.delete(kept);
      return old;
    },
    forget: () => known.clear(),
  };
};
