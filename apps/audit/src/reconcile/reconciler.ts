import { setTimeout as sleep } from 'node:timers/promises';
import { metrics } from '@opentelemetry/api';
import { sql } from 'kysely';
import type { Clock } from '@bellwire/domain';
import type { Logger } from '@bellwire/lifecycle';
import { acrossTenants, withDatabaseFaults, type Database } from '@bellwire/persistence';
import { lastCheck, type Check } from '../store/missing.ts';
import type { Tables } from '../store/tables.ts';
import { every } from '../workers/maintain-partitions.ts';
import type { Findings, RunCheck } from './run-check.ts';

export interface ReconcilerDeps {
  db: Database<Tables>['db'];
  runCheck: RunCheck;
  clock: Clock;
  log: Logger;
  /** Between two checks, whichever process makes them, in milliseconds. 0: only when somebody asks. */
  intervalMs: number;
  /** How often it is looked whether a check is due, in milliseconds. @default a minute, or the interval where it is less */
  tickMs?: number;
  /** A check is given up after so long, in milliseconds. @default ten minutes */
  limitMs?: number;
}

/** Makes the checks of a deployment: one at a time, however many processes there are. */
export interface Reconciler {
  /** The last check; undefined before the first. */
  last(): Promise<Check | undefined>;
  /**
   * A check that has just been made, or one that is made now. Where that takes longer than `waitMs` it goes on, and the
   * answer is undefined.
   *
   * @throws Fault of the check
   */
  check(waitMs: number): Promise<Check | undefined>;
  close(): Promise<void>;
}

/** A check counts as just made for ten times as long as it took, and so long at least: asking costs no more than a tenth. */
const shortestFreshMs = 5000;
const freshMs = ({ tookMs }: Check): number => Math.max(shortestFreshMs, 10 * tookMs);
const lockPollMs = 250;

const lockKey = sql`hashtextextended('bellwire.audit.reconcile', 0)`;

/** While no other process does it. The connection is in no transaction, so nothing times out on it. */
const whileLocked = <T>(db: ReconcilerDeps['db'], signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
  withDatabaseFaults(() =>
    db.connection().execute(async (connection) => {
      for (;;) {
        const { rows } = await sql<{ held: boolean }>`select pg_try_advisory_lock(${lockKey}) as held`.execute(
          connection,
        );
        if (rows[0]?.held === true) break;
        await sleep(lockPollMs, undefined, { signal });
      }
      try {
        return await work();
      } finally {
        // A connection that broke has lost its lock anyway.
        await sql`select pg_advisory_unlock(${lockKey})`.execute(connection).catch(() => undefined);
      }
    }),
  );

const say = (log: Logger, { samples, ...findings }: Findings): void => {
  const { missingDeliveries, missingEvents, overdue, recordsRead, tookMs } = findings;
  const counts = { missing_deliveries: missingDeliveries, missing_events: missingEvents };
  const asOf = new Date(findings.asOfMs).toISOString();
  log.info(
    { ...counts, overdue, records_read: recordsRead, took_ms: Math.round(tookMs), as_of: asOf },
    'reconcile.done',
  );
  if (missingDeliveries + missingEvents === 0) return;
  const first = Object.groupBy(samples, ({ kind }) => kind);
  const idsOf = (kind: 'delivery' | 'event') => first[kind]?.map(({ id }) => id) ?? [];
  log.error({ ...counts, delivery_ids: idsOf('delivery'), event_ids: idsOf('event') }, 'reconcile.missing');
};

/** @returns undefined after that time; the promise goes on */
const within = async <T>(waitMs: number, promise: Promise<T>): Promise<T | undefined> => {
  const waited = new AbortController();
  const late = sleep(waitMs, undefined, { signal: waited.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    waited.abort();
  }
};

/**
 * Checks at an interval, and when asked. Logs `reconcile.done` for each check, and `reconcile.missing` where something was
 * found; the metric bellwire_reconcile_missing is what the last check of the deployment found, by kind.
 */
export const openReconciler = (deps: ReconcilerDeps): Reconciler => {
  const { db, runCheck, clock, log, intervalMs, limitMs = 10 * 60_000 } = deps;
  const closing = new AbortController();
  const gauge = metrics.getMeter('bellwire').createGauge('bellwire_reconcile_missing', {
    description:
      'Deliveries past their time, and events without a fan-out, that have no live record, by the last check',
  });
  let running: Promise<Check> | undefined;

  const last = async (): Promise<Check | undefined> => {
    const check = await acrossTenants(db, lastCheck);
    if (check !== undefined) {
      gauge.record(check.missingDeliveries, { kind: 'delivery' });
      gauge.record(check.missingEvents, { kind: 'event' });
    }
    return check;
  };

  const isYounger = (check: Check | undefined, ageMs: number): check is Check =>
    check !== undefined && clock.now() - check.checkedAtMs < ageMs;

  /** Another process may have made the check while this one waited for the lock. */
  const checkOnce = (isEnough: (check: Check | undefined) => check is Check): Promise<Check> => {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(limitMs)]);
    return whileLocked(db, signal, async () => {
      const made = await last();
      if (isEnough(made)) return made;
      const findings = await runCheck(signal);
      say(log, findings);
      return (await last()) ?? findings;
    });
  };

  const start = (isEnough: (check: Check | undefined) => check is Check): Promise<Check> => {
    running ??= checkOnce(isEnough).finally(() => {
      running = undefined;
    });
    return running;
  };

  const isDone = (check: Check | undefined): check is Check => isYounger(check, intervalMs);
  const isFresh = (check: Check | undefined): check is Check =>
    check !== undefined && isYounger(check, freshMs(check) + check.tookMs);

  const tick = async (): Promise<void> => {
    if (!isDone(await last())) await start(isDone);
  };
  const onFailure = (error: unknown): void => {
    if (!closing.signal.aborted) log.warn({ err: error }, 'reconcile.failed');
  };
  const timer = intervalMs > 0 ? every(deps.tickMs ?? Math.min(60_000, intervalMs), tick, onFailure) : undefined;

  return {
    last,
    async check(waitMs) {
      const made = await last();
      if (isFresh(made)) return made;
      const started = start(isFresh);
      // Who asked may have left by the time that it fails.
      started.catch(onFailure);
      return within(waitMs, started);
    },
    async close() {
      closing.abort(new Error('audit is stopping'));
      await timer?.close();
      await running?.catch(() => undefined);
    },
  };
};
