import { createHmac } from 'node:crypto';
import { Client } from 'pg';

/** The role that Bellwire's services use: owner of the databases, not a superuser, so that row-level security holds. */
export const ownerRole = 'bellwire';

/** Derived from the superuser's password, so that one secret is kept. */
export const ownerPassword = (superuserPassword: string): string =>
  createHmac('sha256', superuserPassword).update(ownerRole).digest('base64url');

interface EnsureOptions {
  superuserUrl: string;
  password: string;
  databases: readonly string[];
}

/** Makes the role and the databases that are missing. Names are checked, because they cannot be parameters. */
export const ensureDatabases = async ({ superuserUrl, password, databases }: EnsureOptions): Promise<void> => {
  const bad = databases.find((name) => !/^[a-z_][a-z0-9_]{0,62}$/.test(name));
  if (bad !== undefined) throw new Error(`"${bad}" is not a name for a database: lower case letters, digits and _.`);
  const client = new Client({ connectionString: superuserUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const roles = await client.query('select 1 from pg_roles where rolname = $1', [ownerRole]);
    if (roles.rowCount === 0) {
      await client.query(`create role ${ownerRole} login password ${client.escapeLiteral(password)}`);
    }
    const there = await client.query<{ datname: string }>('select datname from pg_database');
    const known = new Set(there.rows.map((row) => row.datname));
    for (const name of databases) {
      if (!known.has(name)) await client.query(`create database ${name} owner ${ownerRole}`);
    }
  } finally {
    await client.end();
  }
};
