import { pino, type Logger as PinoLogger } from 'pino';

/**
 * One wide line per unit of work, named like an event (`delivery.attempted`), with snake_case fields.
 * Never payloads, secrets, headers or query strings.
 */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child'>;

export interface LoggerOptions {
  level: string;
}

/** JSON lines on standard error, so that standard output stays for people. Each service logs through a `child({ service })`. */
export const openLogger = ({ level }: LoggerOptions): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    process.stderr,
  );
