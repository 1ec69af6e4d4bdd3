import { pino, type Logger as PinoLogger } from 'pino';

/**
 * One wide line per unit of work, named like an event (`delivery.attempted`), with snake_case fields.
 * Never payloads, secrets, headers or query strings.
 */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child'>;

/** An error as it may be logged: what drivers hang on theirs (clients, connections, queries) stays out. */
const plainError = (error: unknown, depth = 0): unknown => {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const cause = error.cause === undefined || depth >= maxCauses ? undefined : plainError(error.cause, depth + 1);
  return { type: error.name, message: error.message, code, stack: error.stack, cause };
};
const maxCauses = 3;

export interface LoggerOptions {
  level: string;
}

/** JSON lines on standard error, so that standard output stays for people. Each service logs through a `child({ service })`. */
export const openLogger = ({ level }: LoggerOptions): Logger =>
  pino(
    {
      level,
      base: null,
      serializers: { err: (error: unknown) => plainError(error) },
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    process.stderr,
  );
