import { setTimeout as sleep } from 'node:timers/promises';
import { auditShows, listDelivered, sampleOf } from './audit-check.ts';
import { acceptedOf, failuresText, startLoad, type Accepted, type Load } from './publishing.ts';
import type { Rig, Run } from './rig.ts';
import type { StoppablePostgres } from './stoppable-postgres.ts';
import { settled, waitUntil } from './waiting.ts';

export interface PostgresOptions {
  /** How long there is no server. */
  downSeconds: number;
  eventsPerSecond: number;
  /** Before the stop, and after the start. */
  loadSeconds: number;
}

/** Counted by ids: of events that were acknowledged, of requests that arrived. */
export interface PostgresResult {
  accepted: number;
  acceptedKeyedWhileDown: number;
  acceptedUnkeyedWhileDown: number;
  deliveredWhileDown: number;
  /** While it was down, between two requests one after the other. */
  longestGapMs: number;
  /** Publishes that failed, by code. */
  failedKeyed: string;
  failedUnkeyed: string;
  /** Processes that ended by themselves. */
  ended: number;
  deliveries: number;
  lost: number;
  duplicates: number;
  /** After the last delivery, until the sample is shown as delivered. */
  auditMs: number;
  auditMissing: number;
  /** All deliveries that are listed as delivered. */
  listed: number;
  totalMs: number;
}

const acceptedBetween = (accepted: Accepted, fromMs: number, toMs: number): number =>
  [...accepted.values()].filter((at) => at >= fromMs && at < toMs).length;

const endings = ({ cluster }: Rig): number => [...cluster.output().matchAll(/\| ended \(/g)].length;

/** Loads, stops the server, starts it again. Answers when it was down. */
const outage = async (postgres: StoppablePostgres, run: Run, options: PostgresOptions) => {
  const { downSeconds, loadSeconds, eventsPerSecond } = options;
  const load: Load = startLoad(run.client, { eventsPerSecond });
  await waitUntil(() => run.ledger.arrived > 0, 30_000);
  await sleep(loadSeconds * 1000);
  await postgres.stop();
  const fromMs = Date.now();
  await sleep(downSeconds * 1000);
  const toMs = Date.now();
  await postgres.start();
  await sleep(loadSeconds * 1000);
  await load.stop();
  return { load, fromMs, toMs };
};

/** Stops Postgres under load, and starts it again at the same address and on the same folder. */
export const postgresRun = async (
  rig: Rig,
  postgres: StoppablePostgres,
  run: Run,
  options: PostgresOptions,
): Promise<PostgresResult> => {
  const { ledger, endpoints, api } = run;
  const startedAt = Date.now();
  const endedBefore = endings(rig);
  const { load, fromMs, toMs } = await outage(postgres, run, options);
  const accepted = acceptedOf(load);
  const deliveries = accepted.size * endpoints;
  await settled(ledger, deliveries);
  const shows = await auditShows(api, sampleOf(accepted.keys(), 50), endpoints);
  return {
    accepted: accepted.size,
    acceptedKeyedWhileDown: acceptedBetween(load.keyed.accepted, fromMs, toMs),
    acceptedUnkeyedWhileDown: acceptedBetween(load.unkeyed.accepted, fromMs, toMs),
    deliveredWhileDown: ledger.arrivedBetween(fromMs, toMs),
    longestGapMs: ledger.longestGap(fromMs, toMs),
    failedKeyed: failuresText(load.keyed.failures),
    failedUnkeyed: failuresText(load.unkeyed.failures),
    ended: endings(rig) - endedBefore,
    deliveries,
    lost: ledger.compare(accepted, endpoints).lost,
    duplicates: ledger.arrived - ledger.distinct,
    auditMs: shows.afterMs,
    auditMissing: shows.missing,
    listed: await listDelivered(api),
    totalMs: Date.now() - startedAt,
  };
};

/** While it is down, half of the pace at least is kept. */
export const isPostgresFine = (result: PostgresResult, { downSeconds, eventsPerSecond }: PostgresOptions): boolean => {
  const half = (downSeconds * eventsPerSecond) / 4;
  return (
    result.lost === 0 &&
    result.ended === 0 &&
    result.acceptedKeyedWhileDown >= half &&
    result.acceptedUnkeyedWhileDown >= half &&
    result.auditMissing === 0 &&
    result.listed >= result.deliveries
  );
};
