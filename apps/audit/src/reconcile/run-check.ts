import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import type { Log } from '@bellwire/messaging';
import { acrossTenants, type Database } from '@bellwire/persistence';
import type { AsOf } from '../as-of.ts';
import { historyTopics } from '../history-record.ts';
import { keepCheck, keepMissing, type Check } from '../store/missing.ts';
import { overdueAfter, type Overdue, type OverdueBounds } from '../store/overdue.ts';
import { progressKey, type Progress } from '../store/progress.ts';
import type { Tables } from '../store/tables.ts';
import { openWantedIds, type WantedIds } from './wanted-ids.ts';

export interface RunCheckDeps {
  db: Database<Tables>['db'];
  eventLog: Pick<Log, 'endOffsets'>;
  asOf(): Promise<AsOf>;
  readProgress(): Promise<ReadonlyMap<string, Progress>>;
  /** Sees which ids have a live record; resolves to how many records it read. */
  seeLiveRecords(wanted: WantedIds, signal: AbortSignal): Promise<number>;
  clock: Clock;
  retentionMs: number;
  /** So long after it was due something is past its time. */
  graceMs: number;
  /** Ids that are held at once; more are looked for in a further reading of the log. @default a million */
  mostWanted?: number;
  /** How long audit may take to record what the log has, in milliseconds. @default 60000 */
  catchUpMs?: number;
}

/** What a check has come to. */
export interface Findings extends Check {
  readonly overdue: number;
  readonly recordsRead: number;
  /** Some of the missing ones. */
  readonly samples: readonly Pick<Overdue, 'kind' | 'id'>[];
}

const pageSize = 2000;
const mostSamples = 20;
const catchUpPollMs = 100;

/** Calls `take` with pages until it answers false, or there are no more. */
const forPages = async (
  { db }: Pick<RunCheckDeps, 'db'>,
  bounds: OverdueBounds,
  from: Overdue | undefined,
  take: (page: readonly Overdue[]) => Promise<boolean> | boolean,
  signal: AbortSignal,
): Promise<void> => {
  for (let after = from; ;) {
    signal.throwIfAborted();
    const page = await acrossTenants(db, (trx) => overdueAfter(trx, bounds, after, pageSize));
    after = page.at(-1);
    if (after === undefined || !(await take(page))) return;
  }
};

/** Waits until everything is recorded that the history topics hold now. @throws Fault SERVICE_UNAVAILABLE */
const catchUp = async (
  { eventLog, readProgress, catchUpMs = 60_000 }: RunCheckDeps,
  signal: AbortSignal,
): Promise<void> => {
  const ends = await Promise.all(historyTopics.map((topic) => eventLog.endOffsets(topic)));
  for (const giveUpAtMs = performance.now() + catchUpMs; ;) {
    const progress = await readProgress();
    const isBehind = historyTopics.some((topic, nth) =>
      ends[nth]?.some((end, partition) => (progress.get(progressKey(topic, partition))?.nextOffset ?? 0) < end),
    );
    if (!isBehind) return;
    if (performance.now() > giveUpAtMs)
      throw new Fault('SERVICE_UNAVAILABLE', `audit has not caught up with the log within ${catchUpMs} ms.`);
    await sleep(catchUpPollMs, undefined, { signal });
  }
};

/**
 * Finds what is past its time and of which nothing is left on the log: lost, by a fault of ours or of the log.
 *
 * What is overdue is read twice, and the log in between. What had no live record when the log was read had all its records
 * settled by then, so that whatever followed from the last of them is on the log; when audit has recorded the log up to
 * there, and the delivery is still in the same state, nothing has followed.
 *
 * @throws Fault LOG_UNAVAILABLE, DATABASE_UNAVAILABLE; SERVICE_UNAVAILABLE where audit does not catch up
 */
export const makeRunCheck = (deps: RunCheckDeps) => {
  const { db, asOf, seeLiveRecords, clock, retentionMs, graceMs, mostWanted = 1_000_000 } = deps;

  /** Gathers from `from` on; answers the last one that was gathered. */
  const gather = async (wanted: WantedIds, bounds: OverdueBounds, from: Overdue | undefined, signal: AbortSignal) => {
    let last: Overdue | undefined;
    let overdue = 0;
    const take = (page: readonly Overdue[]): boolean => {
      for (const { kind, id, eventId, round } of page) {
        wanted.add(id, round);
        // Where its event is not settled, the router may not have written the delivery yet.
        if (kind === 'delivery') wanted.add(eventId, 1);
      }
      overdue += page.length;
      last = page.at(-1);
      return wanted.size() < mostWanted;
    };
    await forPages(deps, bounds, from, take, signal);
    return { last, overdue };
  };

  return async (signal: AbortSignal): Promise<Findings> => {
    const startedAtMs = performance.now();
    const checkedAtMs = clock.now();
    const { historyMs: asOfMs } = await asOf();
    const bounds = { visibleFromMs: checkedAtMs - retentionMs, dueBeforeMs: asOfMs - graceMs };
    const found = { delivery: 0, event: 0, overdue: 0, recordsRead: 0 };
    const samples: Overdue[] = [];

    /** Of the range that was gathered; what has become overdue since is the next check's. */
    const keep = async (wanted: WantedIds, from: Overdue | undefined, last: Overdue): Promise<void> => {
      const take = async (page: readonly Overdue[]): Promise<boolean> => {
        const missing = page.filter(
          ({ id, eventId }) => wanted.has(id) && !wanted.isSeen(id) && !wanted.isSeen(eventId),
        );
        for (const { kind } of missing) found[kind]++;
        samples.push(...missing.slice(0, mostSamples - samples.length));
        await acrossTenants(db, (trx) => keepMissing(trx, missing, checkedAtMs));
        return !page.some(({ id }) => id === last.id);
      };
      await forPages(deps, bounds, from, take, signal);
    };

    for (let from: Overdue | undefined; ;) {
      const wanted = openWantedIds();
      const { last, overdue } = await gather(wanted, bounds, from, signal);
      if (last === undefined) break;
      found.overdue += overdue;
      found.recordsRead += await seeLiveRecords(wanted, signal);
      await catchUp(deps, signal);
      await keep(wanted, from, last);
      from = last;
    }

    const tookMs = performance.now() - startedAtMs;
    const check = { checkedAtMs, asOfMs, tookMs, missingDeliveries: found.delivery, missingEvents: found.event };
    await acrossTenants(db, (trx) => keepCheck(trx, check));
    return { ...check, overdue: found.overdue, recordsRead: found.recordsRead, samples };
  };
};

export type RunCheck = ReturnType<typeof makeRunCheck>;
