import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** A database of a test's own. Several connections may be thrown out of it at once. */
export interface TestDatabase {
  url: string;
  /** Ends every connection to it, as a restart of the server would. */
  disconnectAll(): Promise<void>;
  query(text: string): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

/** On the server that BELLWIRE_TEST_DATABASE_URL names; jest's globalSetup sets it. */
export const makeDatabase = async (): Promise<TestDatabase> => {
  const server = process.env['BELLWIRE_TEST_DATABASE_URL'];
  if (server === undefined) throw new Error('BELLWIRE_TEST_DATABASE_URL names no server');
  const name = `log_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;

  const once = async (connectionString: string, text: string): Promise<Record<string, unknown>[]> => {
    const client = new Client({ connectionString });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  await once(server, `CREATE DATABASE ${name}`);
  return {
    url: url.href,
    query: (text) => once(url.href, text),
    disconnectAll: async () =>
      void (await once(server, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)),
    drop: async () => void (await once(server, `DROP DATABASE ${name} WITH (FORCE)`)),
  };
};
