import { machineMs } from '../clock.ts';
import { quantilesOf, type Quantiles } from '../statistics.ts';
import type { PublishMode } from '../traffic/generator-protocol.ts';
import { openAccounts, type Stage } from './accounts.ts';
import { settleUp } from './ledger.ts';
import type { SitePlan } from './load.ts';
import type { MachineUse } from './results.ts';
import { publishTo, type Traffic } from './run-load.ts';
import { openSite, type Site } from './site.ts';

export interface OutageOptions {
  publish: PublishMode;
  /** For the endpoint that is down. @default 10000 */
  events: number | undefined;
  downSeconds: number;
}

/** Fresh events of others, before an endpoint of their process goes down, while it is, and from then until it has all. */
export interface OutagePhase {
  title: string;
  events: number;
  latencyMs: Quantiles;
  lost: number;
  duplicates: number;
}

export interface OutageResult {
  downSeconds: number;
  backlog: number;
  phases: { before: OutagePhase; during: OutagePhase; after: OutagePhase };
  /** Requests that were unanswered at the same time, and how many may be. */
  mostAtOnce: number;
  maxConcurrency: number;
  /** Of the backlog: what never came, and what came again. */
  lost: number;
  duplicates: number;
  /** From up to the first arrival, and to the last; NaN where none came. */
  firstAfterMs: number;
  drainedAfterMs: number;
  /** Between two arrivals, while more than a hundredth of the backlog is still to come. */
  longestStallMs: number;
  machine: MachineUse;
}

const others = 10;
const othersPerSecond = 50;
const beforeSeconds = 20;
const chunkSeconds = 10;
const maxConcurrency = 20;
const answerMs = 50;
const drainLimitMs = 20 * 60_000;
const restShare = 0.01;

/** Events of the one that is down for each of another endpoint. */
const downShare = (backlog: number, downSeconds: number): number =>
  Math.max(1, Math.round((backlog * others) / (othersPerSecond * downSeconds)));

const planOf = (backlog: number, downSeconds: number): SitePlan => ({
  title: 'outage',
  endpoints: others,
  isSpread: true,
  neighbours: [
    {
      name: 'down',
      origin: 'own',
      answer: { status: 200, afterMs: answerMs },
      settings: {
        max_concurrency: maxConcurrency,
        // Twenty retries, the most that may be, over twice the outage: none is given up while it lasts.
        retry: { schedule_seconds: Array.from({ length: 20 }, () => Math.ceil(downSeconds / 10)) },
      },
      share: downShare(backlog, downSeconds),
    },
  ],
});

const phaseOf = (title: string, traffic: Pick<Traffic, 'published' | 'arrivals'>, { pathsOf }: Site): OutagePhase => {
  const { accepted, latenciesMs, lost, duplicates } = settleUp(traffic.published, traffic.arrivals, pathsOf);
  return { title, events: accepted, latencyMs: quantilesOf(latenciesMs), lost, duplicates };
};

const merged = (parts: readonly Traffic[]): Pick<Traffic, 'published' | 'arrivals'> => ({
  published: parts.flatMap(({ published }) => published),
  arrivals: parts.flatMap(({ arrivals }) => arrivals),
});

/** The longest time without an arrival, from the first on, while enough is still to come. */
export const longestStall = (arrivedAtMs: readonly number[], backlog: number): number => {
  const counting = arrivedAtMs.toSorted((a, b) => a - b).slice(0, Math.ceil(backlog * (1 - restShare)));
  return counting.reduce((longest, atMs, index) => Math.max(longest, atMs - (counting[index - 1] ?? atMs)), 0);
};

/** When each event came to the endpoint for the first time, and how often one came again. */
const firstArrivals = (parts: readonly Traffic[], path: string): { times: number[]; duplicates: number } => {
  const firsts = new Map<string, number>();
  let requests = 0;
  for (const { arrivals } of parts) {
    for (const { id, path: at, atMs } of arrivals) {
      if (at !== path) continue;
      requests++;
      if (!firsts.has(id)) firsts.set(id, atMs);
    }
  }
  return { times: [...firsts.values()], duplicates: requests - firsts.size };
};

/** An endpoint is down while a backlog gathers, then up; other endpoints get fresh events all the time. */
export const runOutage = async (stage: Stage, options: OutageOptions): Promise<OutageResult> => {
  const { publish: mode, events = 10_000, downSeconds } = options;
  const { receiver } = stage;
  const site = await openSite(stage, planOf(events, downSeconds));
  const [down] = site.neighbours;
  if (down === undefined) throw new Error('there is no endpoint to be down');
  const fresh = { mode, types: site.measuredTypes, ratePerSecond: othersPerSecond };
  const ratePerSecond = othersPerSecond + (downShare(events, downSeconds) * othersPerSecond) / others;
  await receiver.take();
  const close = openAccounts(stage);

  const before = await publishTo(stage, site, { ...fresh, events: othersPerSecond * beforeSeconds });
  await receiver.goDown('second');
  const during = await publishTo(stage, site, {
    mode,
    types: site.types,
    ratePerSecond,
    events: Math.round(ratePerSecond * downSeconds),
  });
  const backlog = during.published.filter(({ id, type }) => id !== undefined && down.isOwed(type)).length;
  await receiver.comeUp('second');
  const upAtMs = machineMs();
  const after: Traffic[] = [];
  do after.push(await publishTo(stage, site, { ...fresh, events: othersPerSecond * chunkSeconds }));
  while (firstArrivals(after, down.path).times.length < backlog && machineMs() < upAtMs + drainLimitMs);

  const { times, duplicates } = firstArrivals(after, down.path);
  const phases = {
    before: phaseOf('before', before, site),
    during: phaseOf('while it is down', during, site),
    after: phaseOf('from up to drained', merged(after), site),
  };
  return {
    downSeconds,
    backlog,
    phases,
    mostAtOnce: await receiver.mostAtOnce(down.path),
    maxConcurrency,
    lost: backlog - times.length,
    duplicates,
    firstAfterMs: Math.min(...times) - upAtMs,
    drainedAfterMs: Math.max(...times) - upAtMs,
    longestStallMs: longestStall(times, backlog),
    machine: close(backlog).machine,
  };
};
