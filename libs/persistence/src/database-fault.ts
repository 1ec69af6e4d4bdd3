import { Fault, toFault } from '@bellwire/errors';

// https://www.postgresql.org/docs/18/errcodes-appendix.html: connection exceptions, insufficient resources, the server
// stopping or starting, and a standby that was promoted elsewhere. A statement timeout (57014) is not among them.
const sqlStates = /^(08...|53...|57P0[1235]|25006)$/;
const socketErrors =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENOENT)$/;
// What pg and pg-pool throw without a code.
const sayings =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed and is not queryable|Cannot use a pool after calling end|Connection ended)/;

/** Whether it says that the database is away, rather than that a statement is wrong. */
export const isDatabaseAway = (error: unknown): boolean => {
  // By shape: what Node throws is not an instance of a jest sandbox's Error.
  if (typeof error !== 'object' || error === null) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const message = 'message' in error && typeof error.message === 'string' ? error.message : '';
  if (sqlStates.test(code) || socketErrors.test(code) || sayings.test(message)) return true;
  return 'cause' in error && isDatabaseAway(error.cause);
};

/** DATABASE_UNAVAILABLE when the database is away; a Fault stays itself; the rest is INTERNAL. */
export const toDatabaseFault = (error: unknown): Fault => {
  if (error instanceof Fault || !isDatabaseAway(error)) return toFault(error);
  return new Fault('DATABASE_UNAVAILABLE', 'The database cannot be reached.', { cause: error });
};

/** Runs it; that the database is away is thrown as a Fault, any other error as it is (for its SQLSTATE). */
export const withDatabaseFaults = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    throw isDatabaseAway(error) ? toDatabaseFault(error) : error;
  }
};
