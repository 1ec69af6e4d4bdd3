import { Fault } from '@bellwire/errors';
import { Client, DatabaseError, type QueryConfig, type QueryResultRow } from 'pg';
import { lockSql } from './schema.ts';

/** The one connection that writes, and that holds the lock which makes us the only writer. */
export interface WriterSession {
  /** Rejects with a Fault LOG_UNAVAILABLE while there is no connection, and where the answer did not come. */
  query<Row extends QueryResultRow>(query: QueryConfig): Promise<Row[]>;
  isUp(): boolean;
  close(): Promise<void>;
}

export interface WriterSessionOptions {
  connectionString: string;
  /** How long to wait at the start for a lock that somebody else holds. */
  lockWaitMs: number;
  /** Runs on every new connection that holds the lock, before anybody may use it. */
  onUp: (query: (text: string) => Promise<QueryResultRow[]>) => Promise<void>;
  /** The connection was lost or could not be made again. */
  onError: (error: unknown) => void;
}

export const unavailable = (cause: unknown): Fault =>
  new Fault('LOG_UNAVAILABLE', 'The log cannot be reached.', { cause, retryAfterMs: 1000 });

const heldElsewhere = (): Error =>
  new Error(
    'Another process has this log open. The embedded log serves one process: stop the other one, or use Kafka.',
  );

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The lock lives as long as the session that writes, so a process that has lost the lock cannot write: there is nothing to
 * check and nothing to race. (A lock on a second connection could be lost while the first goes on writing.)
 */
export const openWriterSession = async (options: WriterSessionOptions): Promise<WriterSession> => {
  let current: Client | undefined;
  let closed = false;
  let reconnecting: Promise<void> | undefined;

  const connect = async (lockWaitMs: number): Promise<Client> => {
    const client = new Client({
      connectionString: options.connectionString,
      application_name: 'bellwire-log-writer',
      connectionTimeoutMillis: 5000,
      // A statement that takes longer is a dead network; the connection is given up with it.
      query_timeout: 30_000,
      keepAlive: true,
      options: '-c synchronous_commit=on -c jit=off',
    });
    client.on('error', (error) => lost(client, error));
    client.on('end', () => lost(client, new Error('the connection has ended')));
    try {
      await client.connect();
      for (const giveUpAt = performance.now() + lockWaitMs; ; await sleep(50)) {
        const { rows } = await client.query<{ held: boolean }>(lockSql);
        if (rows[0]?.held === true) break;
        if (performance.now() >= giveUpAt) throw heldElsewhere();
      }
      await options.onUp(async (query) => (await client.query<QueryResultRow>(query)).rows);
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  };

  const reconnect = async (): Promise<void> => {
    for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 2000)) {
      await sleep(waitMs);
      if (closed) return;
      try {
        current = await connect(0);
        return;
      } catch (error) {
        options.onError(error);
      }
    }
  };

  const lost = (client: Client, error: unknown): void => {
    if (client !== current) return;
    current = undefined;
    client.end().catch(() => undefined);
    if (closed) return;
    options.onError(error);
    reconnecting ??= reconnect().finally(() => (reconnecting = undefined));
  };

  current = await connect(options.lockWaitMs);
  return {
    isUp: () => current !== undefined,
    async query<Row extends QueryResultRow>(query: QueryConfig) {
      const client = current;
      if (client === undefined) throw unavailable(new Error('there is no connection'));
      try {
        return (await client.query<Row>(query)).rows;
      } catch (error) {
        // An error with a SQLSTATE is the server's answer; any other leaves the connection in doubt.
        if (!(error instanceof DatabaseError)) lost(client, error);
        throw unavailable(error);
      }
    },
    async close() {
      closed = true;
      await reconnecting;
      const client = current;
      current = undefined;
      await client?.end().catch(() => undefined);
    },
  };
};
