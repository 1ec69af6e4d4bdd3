import type { Target } from '../../target/start-target.ts';
import { auditShows, sampleOf } from './audit-check.ts';
import { newCounts, publishAll } from './publishing.ts';
import type { Rig, Run } from './rig.ts';
import { settled, waitUntil } from './waiting.ts';

/** Who is killed, by the names of the cluster's processes. */
export const killCases = {
  dispatcher: ['dispatcher-1'],
  ingestion: ['ingestion'],
  audit: ['audit'],
  registry: ['registry'],
  gateway: ['gateway'],
  all: ['registry', 'audit', 'dispatcher-1', 'dispatcher-2', 'ingestion', 'gateway'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type KillCase = keyof typeof killCases;

export interface KillOptions {
  events: number;
  endpoints: number;
  /** BELLWIRE_MAX_IN_FLIGHT of the dispatchers. */
  maxInFlight: number;
  /** Events whose deliveries are looked up in audit afterwards. @default 50 */
  sample?: number;
  /** The kill comes once this share of all deliveries has arrived. @default 0.3 */
  killAtShare?: number;
}

/** Counted by ids: of events that were acknowledged, of requests that arrived. */
export interface KillResult {
  killed: KillCase;
  accepted: number;
  deliveries: number;
  lost: number;
  duplicates: number;
  /** What duplicates may come to: requests that the killed dispatchers may have had under way. */
  bound: number;
  /** How long before the kill the oldest of what came twice had come for the first time. */
  oldestRepeatMs: number;
  /** Half of what came twice had come for the first time later than so long before the kill. */
  medianRepeatMs: number;
  arrivedBeforeKill: number;
  /** From the kill to the first request that the killed processes had not written yet. */
  firstDeliveryMs: number;
  /** After the kill, between two requests one after the other. */
  longestGapMs: number;
  /** From the kill until the killed processes are ready again. */
  readyAgainMs: number;
  /** Of the sample: events that audit shows as delivered everywhere, those that it does not, and how long that took. */
  auditShown: number;
  auditMissing: number;
  auditMs: number;
  totalMs: number;
}

/** Requests that a process had written when it was killed are read within this time. */
const lastWordsMs = 250;

/** Whether the process that runs now under the name has said that it is ready. */
const isReadyAgain = (cluster: Target, name: string, killedPid: number): boolean => {
  const pid = cluster.pidOf(name);
  if (pid === killedPid) return false;
  const output = cluster.output();
  const since = output.slice(output.lastIndexOf(`pid ${name} ${pid}\n`));
  return new RegExp(`^${name} *\\| .* is ready on `, 'm').test(since);
};

const killAll = (cluster: Target, names: readonly string[]): Map<string, number> => {
  const pids = new Map(names.map((name) => [name, cluster.pidOf(name)]));
  for (const pid of pids.values()) process.kill(pid, 'SIGKILL');
  return pids;
};

/** Kills processes of a cluster in the middle of its work; the supervisor starts them again. Counts what became of it. */
const killDuring = async (rig: Rig, run: Run, killed: KillCase, options: KillOptions): Promise<KillResult> => {
  const { events, endpoints, maxInFlight, sample = 50, killAtShare = 0.3 } = options;
  const { cluster } = rig;
  const { ledger } = run;
  const startedAt = Date.now();
  const counts = newCounts();
  const { accepted } = counts;
  const publishing = publishAll(run.client, events, counts);
  await waitUntil(() => ledger.arrived >= events * endpoints * killAtShare, 120_000);

  const names: readonly string[] = killCases[killed];
  const pids = killAll(cluster, names);
  const killedAt = Date.now();
  const arrivedBeforeKill = ledger.arrived;
  await waitUntil(() => [...pids].every(([name, pid]) => isReadyAgain(cluster, name, pid)), 60_000);
  const readyAgainMs = Date.now() - killedAt;
  await publishing;
  await settled(ledger, accepted.size * endpoints);

  const totalMs = Date.now() - startedAt;
  const ages = ledger.repeatedSinceMs.map((since) => killedAt - since).toSorted((a, b) => a - b);
  const shows = await auditShows(run.api, sampleOf(accepted.keys(), sample), endpoints);
  return {
    killed,
    accepted: accepted.size,
    deliveries: accepted.size * endpoints,
    lost: ledger.compare(accepted, endpoints).lost,
    duplicates: ledger.arrived - ledger.distinct,
    bound: names.filter((name) => name.startsWith('dispatcher')).length * maxInFlight,
    oldestRepeatMs: ages.at(-1) ?? 0,
    medianRepeatMs: ages[Math.floor(ages.length / 2)] ?? 0,
    arrivedBeforeKill,
    firstDeliveryMs: (ledger.firstAfter(killedAt + lastWordsMs) ?? Infinity) - killedAt,
    longestGapMs: ledger.longestGap(killedAt, ledger.lastAtMs),
    readyAgainMs,
    auditShown: shows.shown,
    auditMissing: shows.missing,
    auditMs: shows.afterMs,
    totalMs,
  };
};

/** One case on a cluster that runs; for a tenant of its own. */
export const killCase = async (rig: Rig, killed: KillCase, options: KillOptions): Promise<KillResult> => {
  const run = await rig.newRun(options.endpoints);
  try {
    return await killDuring(rig, run, killed, options);
  } finally {
    run.close();
  }
};

export const isKillFine = (result: KillResult, { events }: KillOptions): boolean =>
  result.accepted === events &&
  result.lost === 0 &&
  result.duplicates <= result.bound &&
  result.arrivedBeforeKill < result.deliveries &&
  result.auditMissing === 0;
