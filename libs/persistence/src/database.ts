import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';

export interface DatabaseOptions {
  connectionString: string;
  /** Connections at most. */
  poolSize: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  /** First in the search path, before `public`: the service's schema. Default: Postgres's own search path. */
  schema?: string;
  /** A statement that runs longer is cancelled (SQLSTATE 57014). Default 30,000. */
  statementTimeoutMs?: number;
  /** How long a query waits for a connection. Default 5,000. */
  connectTimeoutMs?: number;
  /** Told of connections that broke while nothing ran on them; the pool replaces them by itself. */
  onLostConnection?: (error: Error) => void;
}

export interface Database<DB> {
  db: Kysely<DB>;
  /** For what Kysely is too slow or too small for: unnest inserts, listen. */
  pool: Pool;
  /** Waits for running queries; may be called twice. */
  close(): Promise<void>;
}

/** Connects when the first query does; a server that is away now is no error here. */
export const openDatabase = <DB>(options: DatabaseOptions): Database<DB> => {
  const lost = options.onLostConnection ?? (() => undefined);
  const pool = new Pool({
    connectionString: options.connectionString,
    max: options.poolSize,
    application_name: options.applicationName,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: 60_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5000,
    keepAlive: true,
    ...(options.schema === undefined ? {} : { options: `-c search_path=${options.schema},public` }),
  });
  // The pool listens on idle connections only; one that breaks between two statements of a transaction would otherwise
  // end the process. Its next statement fails all the same.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', lost);
  const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  let closing: Promise<void> | undefined;
  return { db, pool, close: () => (closing ??= db.destroy()) };
};
