import type { Logger } from '@bellwire/lifecycle';
import { reservationMs, type Clock, type Reservations } from '../ports.ts';

export interface ExpireOptions {
  reservations: Pick<Reservations, 'deleteExpired'>;
  clock: Clock;
  log: Logger;
  /** @default an hour, in milliseconds */
  everyMs?: number;
  /** Rows in one statement, so that none holds locks for long. @default 5000 */
  chunk?: number;
}

/** Deletes reservations that are over. Any number of processes may do so at once; a failure waits for the next time. */
export const expireReservations = (options: ExpireOptions): { close(): Promise<void> } => {
  const { reservations, clock, log, everyMs = 60 * 60 * 1000, chunk = 5000 } = options;
  const closing = new AbortController();
  let working: Promise<void> = Promise.resolve();

  const run = async (): Promise<void> => {
    const expiredAtMs = clock.now() - reservationMs;
    let deleted = 0;
    try {
      for (let last = chunk; last === chunk && !closing.signal.aborted; deleted += last) {
        last = await reservations.deleteExpired(expiredAtMs, chunk);
      }
      log.debug({ count: deleted }, 'reservations.expired');
    } catch (error) {
      log.warn({ err: error, count: deleted }, 'reservations.not_expired');
    }
  };

  const timer = setInterval(() => {
    working = working.then(run);
  }, everyMs);
  timer.unref();

  return {
    close: async () => {
      closing.abort();
      clearInterval(timer);
      await working;
    },
  };
};
