import { pino, type Logger as PinoLogger } from 'pino';

/**
 * One wide line per unit of work, named like an event (`delivery.attempted`), with snake_case fields.
 * Never payloads, secrets, headers or query strings.
 */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child'>;

export interface LoggerOptions {
  level: string;
  service: string;
}

/** JSON lines on standard error, so that standard output stays for people. `child({ service })` is another service's. */
export const openLogger = ({ level, service }: LoggerOptions): Logger =>
  pino(
    {
      level,
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    process.stderr,
  ).child({ service });
