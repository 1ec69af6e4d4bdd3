import { Fault } from '@bellwire/errors';
import type { Logger } from '@bellwire/lifecycle';
import {
  reservationMs,
  reservationName,
  type Clock,
  type Reservation,
  type Reservations,
  type Reserved,
} from './ports.ts';
import { withinLimit } from './within-limit.ts';

/** Reserves the keys of many callers in few statements, and lets events pass when that is not possible. */
export interface KeyReserver {
  /**
   * What is reserved for each, in the order asked. While reservations cannot be made, each is answered as if it were
   * the first: the derived id, the caller's acceptance time, no comparison of bodies (design, section 3).
   *
   * @throws Fault OVERLOADED where too many wait
   */
  reserve(wanted: readonly Reservation[]): Promise<readonly Reserved[]>;
  close(): void;
}

export interface KeyReserverOptions {
  reservations: Reservations;
  clock: Clock;
  log: Logger;
  /** A statement that takes longer counts as failed, in milliseconds. @default 2000 */
  timeoutMs?: number;
  /** After a failure nobody waits for the database until it has answered this question, asked as often. @default 1000 */
  probeMs?: number;
  /** Keys in one statement. @default 2000 */
  maxInStatement?: number;
  /** Keys that wait for a statement, before callers are refused. @default 50000 */
  maxWaiting?: number;
}

interface Call {
  readonly wanted: readonly Reservation[];
  resolve(reserved: readonly Reserved[]): void;
}

const asNew = (one: Reservation): Reserved => ({ ...one, isNew: true, isOnLog: false });
/** Of several with one key, the first proposes; the others are repeats of it. */
const firstOfEach = (calls: readonly Call[]): readonly Reservation[] => {
  const first = new Map<string, Reservation>();
  for (const { wanted } of calls) {
    for (const one of wanted) if (!first.has(reservationName(one))) first.set(reservationName(one), one);
  }
  return [...first.values()];
};

const answerEach = (calls: readonly Call[], rows: readonly Reserved[]): void => {
  const reserved = new Map(rows.map((row) => [reservationName(row), row]));
  const answerTo = (wanted: Reservation): Reserved => {
    const row = reserved.get(reservationName(wanted)) ?? asNew(wanted);
    if (row.isNew) reserved.set(reservationName(wanted), { ...row, isNew: false });
    return row;
  };
  for (const call of calls) call.resolve(call.wanted.map(answerTo));
};

export const makeKeyReserver = (options: KeyReserverOptions): KeyReserver => {
  const { reservations, clock, log, timeoutMs = 2000, probeMs = 1000 } = options;
  const { maxInStatement = 2000, maxWaiting = 50_000 } = options;
  const queue: Call[] = [];
  let waiting = 0;
  let isWorking = false;
  let probe: NodeJS.Timeout | undefined;
  let unchecked = 0;

  const sayUnchecked = (): void => {
    if (unchecked > 0) log.warn({ count: unchecked }, 'idempotency.unchecked');
    unchecked = 0;
  };

  const answers = (): Promise<boolean> =>
    withinLimit(reservations.ping(), timeoutMs).then(
      () => true,
      () => false,
    );

  /** The database is away: asks for it until it answers. One line a second says how many events went unchecked. */
  const probeLater = (): void => {
    probe = setTimeout(() => {
      sayUnchecked();
      void answers().then((isBack) => {
        if (probe === undefined) return undefined;
        if (!isBack) return probeLater();
        probe = undefined;
        return log.info('idempotency.checked_again');
      });
    }, probeMs);
    probe.unref();
  };

  const letPass = (calls: readonly Call[], first: readonly Reservation[]): void => {
    unchecked += first.length;
    answerEach(calls, first.map(asNew));
  };

  const gather = (): Call[] => {
    let keys = 0;
    const count = queue.findIndex(({ wanted }, at) => (keys += wanted.length) > maxInStatement && at > 0);
    const calls = queue.splice(0, count === -1 ? queue.length : count);
    for (const { wanted } of calls) waiting -= wanted.length;
    return calls;
  };

  const reserveAll = async (calls: readonly Call[]): Promise<void> => {
    const first = firstOfEach(calls);
    if (probe !== undefined) return letPass(calls, first);
    try {
      const expiredAtMs = clock.now() - reservationMs;
      const rows = await withinLimit(reservations.reserve(first, expiredAtMs), timeoutMs);
      answerEach(calls, rows);
    } catch (error) {
      log.warn({ err: error }, 'idempotency.unavailable');
      letPass(calls, first);
      probeLater();
    }
  };

  const work = async (): Promise<void> => {
    isWorking = true;
    // Callers in the same turn of the event loop share the first statement.
    await Promise.resolve();
    while (queue.length > 0) await reserveAll(gather());
    isWorking = false;
  };

  return {
    reserve: (wanted) => {
      if (waiting + wanted.length > maxWaiting && waiting > 0) {
        const detail = 'Idempotency keys come faster than they can be reserved.';
        return Promise.reject(new Fault('OVERLOADED', detail, { retryAfterMs: 1000 }));
      }
      waiting += wanted.length;
      return new Promise((resolve) => {
        queue.push({ wanted, resolve });
        if (!isWorking) void work();
      });
    },
    close: () => {
      clearTimeout(probe);
      probe = undefined;
      sayUnchecked();
    },
  };
};
