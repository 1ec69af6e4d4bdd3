import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { withDatabaseFaults } from './database-fault.ts';

export type Migrations = Readonly<Record<string, Migration>>;

export interface MigrateOptions<DB> {
  db: Kysely<DB>;
  /** The service's own; made when absent. Statements that name no schema land in it. */
  schema: string;
  /** By name, which gives the order: `0001-tenants`. */
  migrations: Migrations;
}

const table = 'migrations';

const appliedIn = async <DB>(db: Kysely<DB>, schema: string): Promise<readonly string[]> => {
  const there = await sql<{ there: boolean }>`
    select to_regclass(${`"${schema}".${table}`}) is not null as there`.execute(db);
  if (there.rows[0]?.there !== true) return [];
  const { rows } = await sql<{
    name: string;
  }>`select name from ${sql.table(`${schema}.${table}`)} order by name`.execute(db);
  return rows.map((row) => row.name);
};

/** A schema that a newer version has changed must not be used: its meaning is unknown here. */
const refuseNewer = (schema: string, applied: readonly string[], migrations: Migrations): void => {
  const unknown = applied.filter((name) => !Object.hasOwn(migrations, name));
  if (unknown.length === 0) return;
  throw new Error(
    `The schema ${schema} is newer than this program: it has ${unknown.join(', ')}, which this version does not know. ` +
      'Start the version that made it, or a later one.',
  );
};

const run = async <DB>(db: Kysely<DB>, { schema, migrations }: MigrateOptions<DB>): Promise<readonly string[]> => {
  refuseNewer(schema, await appliedIn(db, schema), migrations);
  await sql`create schema if not exists ${sql.id(schema)}`.execute(db);
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
    migrationTableSchema: schema,
    migrationTableName: table,
    migrationLockTableName: `${table}_lock`,
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error === undefined) return results.map((result) => result.migrationName);
  const failed = results.find((result) => result.status === 'Error')?.migrationName;
  const what =
    failed === undefined ? `The schema ${schema} cannot be migrated` : `Migration ${failed} of ${schema} failed`;
  const said = error instanceof Error ? error.message : 'not an error was thrown';
  throw new Error(`${what}: ${said}. None of this run's changes were kept.`, { cause: error });
};

/** One migrator per schema at a time; the others wait, without limit, and then find nothing to do. */
const whileLocked = async <DB, T>(db: Kysely<DB>, schema: string, fn: () => Promise<T>): Promise<T> => {
  const key = sql`hashtextextended(${`bellwire.migrate.${schema}`}, 0)`;
  await sql`set statement_timeout = 0`.execute(db);
  await sql`set idle_in_transaction_session_timeout = 0`.execute(db);
  await sql`select pg_advisory_lock(${key})`.execute(db);
  try {
    await sql`select set_config('search_path', ${`"${schema}",public`}, false)`.execute(db);
    return await fn();
  } finally {
    // A connection that broke has lost its lock and its settings anyway.
    await sql`select pg_advisory_unlock(${key})`.execute(db).catch(() => undefined);
    for (const name of ['statement_timeout', 'idle_in_transaction_session_timeout', 'search_path']) {
      await sql`reset ${sql.id(name)}`.execute(db).catch(() => undefined);
    }
  }
};

/**
 * Brings a schema up to date, all or nothing, on one connection; any number of processes may call it at once.
 *
 * @returns the names of the migrations that this call ran.
 * @throws {Error} a sentence: the migration that failed, or that the schema is newer than the code.
 * @throws {Fault} DATABASE_UNAVAILABLE
 */
export const migrate = async <DB>(options: MigrateOptions<DB>): Promise<readonly string[]> => {
  const { db, schema } = options;
  if (!/^[a-z_][a-z0-9_]*$/.test(schema)) throw new Error(`"${schema}" is not the name of a schema.`);
  return await withDatabaseFaults(() =>
    db
      .connection()
      .execute((connection) => whileLocked(connection, schema, () => run(connection, { ...options, db: connection }))),
  );
};
