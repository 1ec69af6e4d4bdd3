import type { Logger } from './logger.ts';
import { openScope, type Scope } from './scope.ts';

export interface RunOptions {
  log: Logger;
  /** Opens what the process owns; what it throws ends the process with exit code 1. */
  start(scope: Scope, fail: (error: unknown) => void): Promise<void>;
  /** For each resource at the stop. @default 15000 */
  closeTimeoutMs?: number;
  /** Told before a stop that a signal asked for. */
  onStopping?(signal: string): void;
}

/** What an error and its causes say, the outermost first. */
const sentencesOf = (error: unknown): string[] => {
  if (!(error instanceof Error)) return [String(error)];
  return error.cause === undefined ? [error.message] : [error.message, ...sentencesOf(error.cause)];
};

/** How long a process that has failed may take to close what it can. */
const failedStopMs = 5000;

/**
 * Runs a process: starts, waits for SIGINT, SIGTERM or the end of its supervisor, closes everything in reverse order.
 * Exit codes: 0 stopped as asked, 1 failed. A worker that fails (`fail`) ends the process: the platform restarts it.
 * A second signal ends it at once.
 */
export const runProcess = async ({ log, start, closeTimeoutMs, onStopping }: RunOptions): Promise<void> => {
  const scope = openScope({ log, closeTimeoutMs });
  let stopping = false;

  const stop = async (exitCode: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await scope.close();
    process.exit(exitCode);
  };
  const fail = (error: unknown): void => {
    if (stopping) return;
    log.fatal({ err: error }, 'process.failed');
    scope.fail();
    // What failed may be what closing waits for.
    setTimeout(() => process.exit(1), failedStopMs);
    void stop(1);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    onStopping?.(signal);
    void stop(0);
  };

  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // A supervisor that started us with a channel is gone.
  process.on('disconnect', () => void stop(0));
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    await start(scope, fail);
  } catch (error) {
    process.stderr.write(`${sentencesOf(error).join(': ')}\n`);
    log.debug({ err: error }, 'start.failed');
    await stop(1);
  }
};
