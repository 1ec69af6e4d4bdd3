import type { Logger } from '@bellwire/lifecycle';
import { reservationMs, reservationName, type Reservation, type Reservations } from './ports.ts';
import { withinLimit } from './within-limit.ts';

/**
 * Marks reservations as on the log, after the log's acknowledgement and beside the answer to the publisher, in few
 * statements. While the database is away marks are kept, as many as there is room for; what is not marked is written once
 * more when it is repeated, under the same id and acceptance time.
 */
export interface LogMarker {
  mark(reservations: readonly Reservation[]): void;
  /** Resolves when all that was marked before is written, or the database does not take it. */
  close(): Promise<void>;
}

export interface LogMarkerOptions {
  reservations: Pick<Reservations, 'markOnLog'>;
  log: Logger;
  /** How long a mark waits for others, in milliseconds. @default 100 */
  gatherMs?: number;
  /** After a failure, in milliseconds. @default 1000 */
  retryMs?: number;
  /** A statement that takes longer counts as failed, in milliseconds. @default 5000 */
  timeoutMs?: number;
  /** Marks in one statement. @default 2000 */
  maxInStatement?: number;
  /** Marks that wait. @default 50000 */
  maxWaiting?: number;
}

export const makeLogMarker = (options: LogMarkerOptions): LogMarker => {
  const { reservations, log, gatherMs = 100, retryMs = 1000, timeoutMs = 5000 } = options;
  const { maxInStatement = 2000, maxWaiting = 50_000 } = options;
  /** By key, of which a statement may take each once. */
  const waiting = new Map<string, Reservation>();
  let dropped = 0;
  let isAway = false;
  let isClosing = false;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();

  const sayUnmarked = (): void => {
    if (dropped > 0) log.warn({ count: dropped }, 'idempotency.unmarked');
    dropped = 0;
  };

  /** Everything, or up to the first statement that fails: what it had stays waiting. */
  const write = async (): Promise<void> => {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, maxInStatement);
      try {
        await withinLimit(reservations.markOnLog(batch.map(([, one]) => one)), timeoutMs);
      } catch (error) {
        if (!isAway) log.warn({ err: error, count: waiting.size }, 'idempotency.not_marked');
        isAway = true;
        return;
      }
      isAway = false;
      for (const [name, one] of batch) if (waiting.get(name) === one) waiting.delete(name);
    }
  };

  const work = async (): Promise<void> => {
    await write();
    sayUnmarked();
    timer = undefined;
    if (waiting.size > 0) writeLater();
  };

  const writeLater = (): void => {
    if (isClosing) return;
    const waitMs = isAway ? retryMs : gatherMs;
    timer ??= setTimeout(() => void (working = work()), waitMs).unref();
  };

  /** Of two events of a key the first holds it, until its time is over. */
  const add = (one: Reservation): void => {
    const name = reservationName(one);
    const known = waiting.get(name);
    if (known !== undefined && known.acceptedAtMs > one.acceptedAtMs - reservationMs) return;
    if (known === undefined && waiting.size >= maxWaiting) dropped++;
    else waiting.set(name, one);
  };

  return {
    mark: (marked) => {
      for (const one of marked) add(one);
      if (waiting.size > 0) writeLater();
    },
    close: async () => {
      // What the log has just acknowledged is marked before the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      isClosing = true;
      clearTimeout(timer);
      await working;
      await write();
      dropped += waiting.size;
      sayUnmarked();
    },
  };
};
