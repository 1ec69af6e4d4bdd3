import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { databaseVariable } from './shared-servers.ts';

/** A database for one test file. */
export interface FreshDatabase {
  /** Its name, and that of the role that owns it. */
  name: string;
  /** As the owner, who is no superuser: row-level security holds, as in production. */
  url: string;
  /** The same database as a superuser: to terminate sessions, to look past the policies. */
  superuserUrl: string;
  /** One statement as a superuser; answers how many rows it touched. */
  run(text: string, values?: readonly unknown[]): Promise<number>;
  /** Ends its sessions and removes database and role. */
  drop(): Promise<void>;
}

const connected = async <T>(url: string, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

const asSuperuser = (url: string, statements: readonly string[]): Promise<void> =>
  connected(url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });

const withParts = (url: string, parts: { pathname: string; username?: string; password?: string }): string =>
  Object.assign(new URL(url), parts).href;

/**
 * Makes an empty database and a role that owns it, in the server of the test run.
 *
 * @throws {Error} a sentence, outside of the jest projects that have a server.
 */
export const freshDatabase = async (): Promise<FreshDatabase> => {
  const server = process.env[databaseVariable];
  if (!server) throw new Error(`${databaseVariable} is not set: only *.itest.ts and *.e2e.ts have a database.`);
  const name = `test_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await asSuperuser(server, [
    `create role ${name} login password '${password}'`,
    `create database ${name} owner ${name}`,
  ]);
  const superuserUrl = withParts(server, { pathname: `/${name}` });
  return {
    name,
    url: withParts(server, { pathname: `/${name}`, username: name, password }),
    superuserUrl,
    run: (text, values = []) =>
      connected(superuserUrl, async (client) => (await client.query(text, [...values])).rowCount ?? 0),
    drop: () => asSuperuser(server, [`drop database if exists ${name} with (force)`, `drop role if exists ${name}`]),
  };
};
