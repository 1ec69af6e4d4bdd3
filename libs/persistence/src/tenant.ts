import { sql, type Kysely, type Transaction, type TransactionBuilder } from 'kysely';
import { withDatabaseFaults } from './database-fault.ts';

const everyTenant = '*';

const inScope = <DB, T>(
  begin: TransactionBuilder<DB>,
  scope: string,
  fn: (trx: Transaction<DB>) => Promise<T>,
): Promise<T> =>
  withDatabaseFaults(() =>
    begin.execute(async (trx) => {
      await sql`select set_config('bellwire.tenant_id', ${scope}, true)`.execute(trx);
      return await fn(trx);
    }),
  );

const inScopeOf = async <DB, T>(
  begin: TransactionBuilder<DB>,
  tenantId: string,
  fn: (trx: Transaction<DB>) => Promise<T>,
): Promise<T> => {
  // Empty is what an unset scope reads as, * is everybody.
  if (tenantId === '' || tenantId === everyTenant) throw new Error(`"${tenantId}" is not the id of a tenant.`);
  return await inScope(begin, tenantId, fn);
};

/**
 * A transaction that sees and writes only rows of one tenant, in tables under tenantPolicySql.
 *
 * @throws {Fault} DATABASE_UNAVAILABLE; other errors of the database as they are.
 */
export const inTenant = <DB, T>(
  db: Kysely<DB>,
  tenantId: string,
  fn: (trx: Transaction<DB>) => Promise<T>,
): Promise<T> => inScopeOf(db.transaction(), tenantId, fn);

/**
 * Reads rows of one tenant as they were at one moment, in however many statements.
 *
 * @throws {Fault} DATABASE_UNAVAILABLE; other errors of the database as they are.
 */
export const readTenant = <DB, T>(
  db: Kysely<DB>,
  tenantId: string,
  fn: (trx: Transaction<DB>) => Promise<T>,
): Promise<T> => inScopeOf(db.transaction().setIsolationLevel('repeatable read'), tenantId, fn);

/** A transaction that sees the rows of all tenants: for an admin's request, a relay, nightly work. */
export const acrossTenants = <DB, T>(db: Kysely<DB>, fn: (trx: Transaction<DB>) => Promise<T>): Promise<T> =>
  inScope(db.transaction(), everyTenant, fn);

/**
 * Statements for a migration that keep the rows of a table apart by its text column `tenant_id`, from the table's owner
 * too (superusers and roles with BYPASSRLS excepted). Outside of inTenant and acrossTenants the table is empty.
 *
 * @param table `events` or `audit.events`: lower case letters, digits and _
 */
export const tenantPolicySql = (table: string): readonly string[] => {
  if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/.test(table)) throw new Error(`"${table}" is not the name of a table.`);
  const scope = "current_setting('bellwire.tenant_id', true)";
  const visible = `tenant_id = ${scope} or ${scope} = '${everyTenant}'`;
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy tenant_isolation on ${table} using (${visible}) with check (${visible})`,
  ];
};
