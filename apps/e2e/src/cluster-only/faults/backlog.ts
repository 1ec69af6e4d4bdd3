import { setTimeout as sleep } from 'node:timers/promises';
import { openRun, type Run } from '../../ledger/run.ts';
import { accountFor } from '../../ledger/settle.ts';
import type { Mix } from '../../ledger/speeds.ts';
import { longestStall } from '../../ledger/stalls.ts';
import type { Findings } from '../../ledger/compare.ts';
import type { Target } from '../../target/start-target.ts';
import type { KillableKafka } from './killable-kafka.ts';
import { newCounts, publishAll } from './publishing.ts';
import { joinDispatcher } from './third-dispatcher.ts';
import { waitUntil } from './waiting.ts';

export const backlogCases = ['pause', 'outage', 'restart'] as const;
export type BacklogCase = (typeof backlogCases)[number];

export interface BacklogOptions {
  events: number;
  mix: Mix;
  /** How long a dispatcher is stopped, in `pause`, or Kafka is away, in `outage`. */
  seconds: number;
  /** Two, or one more that joins before the events come. */
  dispatchers: 2 | 3;
}

export interface BacklogResult {
  accepted: number;
  deliveries: number;
  findings: Findings;
  /** What duplicates may come to: requests under way when something was done to their dispatcher. */
  bound: number;
  /** The longest that an endpoint, all of which have a queue, waited for its next request. */
  stallMs: number;
  totalMs: number;
}

interface Stage {
  cluster: Target;
  kafka: KillableKafka;
  seconds: number;
}

const names = ['dispatcher-1', 'dispatcher-2'] as const;

/** Each in turn is stopped as a long pause of its machine would stop it, and goes on. */
const pause = async ({ cluster, seconds }: Stage): Promise<void> => {
  for (const name of names) {
    const pid = cluster.pidOf(name);
    process.kill(pid, 'SIGSTOP');
    await sleep(seconds * 1000);
    process.kill(pid, 'SIGCONT');
    await sleep(2000);
  }
};

const outage = async ({ kafka, seconds }: Stage): Promise<void> => {
  await kafka.kill();
  await sleep(seconds * 1000);
  await kafka.start();
};

/** In order, twice within 40 s, as deployments do; the supervisor starts it again. */
const restart = async ({ cluster }: Stage): Promise<void> => {
  for (const name of [names[0], names[0]]) {
    process.kill(cluster.pidOf(name), 'SIGTERM');
    await sleep(18_000);
  }
};

const faults: Readonly<Record<BacklogCase, { play: (stage: Stage) => Promise<void>; repeats: number }>> = {
  pause: { play: pause, repeats: 2 },
  outage: { play: outage, repeats: 1 },
  restart: { play: restart, repeats: 0 },
};

const publish = async (run: Run, events: number): Promise<void> => {
  const counts = newCounts(run.intents);
  await publishAll(run.client, events, counts);
};

/** A backlog behind endpoints with one fault in the middle of it, and what all ledgers say afterwards. */
export const backlogRun = async (
  { cluster, kafka }: Omit<Stage, 'seconds'>,
  name: BacklogCase,
  { events, mix, seconds, dispatchers }: BacklogOptions,
): Promise<BacklogResult> => {
  const startedAt = Date.now();
  const third = dispatchers === 3 ? await joinDispatcher(cluster) : undefined;
  const run = await openRun(cluster, mix);
  try {
    await publish(run, events);
    await waitUntil(() => run.receipts.all.length > events, 60_000);
    const faultAt = Date.now();
    await faults[name].play({ cluster, kafka, seconds });
    const findings = await accountFor(run, { quietMs: 40_000 });
    return {
      accepted: run.intents.accepted.size,
      deliveries: run.intents.accepted.size * run.endpoints.length,
      findings,
      bound: faults[name].repeats * run.slots,
      stallMs: longestStall(run.receipts, faultAt),
      totalMs: Date.now() - startedAt,
    };
  } finally {
    await run.close();
    await third?.leave();
  }
};

export const isBacklogFine = ({ findings, bound }: BacklogResult): boolean =>
  findings.duplicates.length <= bound &&
  findings.unlogged.length <= bound &&
  [
    findings.lost,
    findings.unended,
    findings.silent,
    findings.phantom,
    findings.twins,
    findings.mismatched,
    findings.badSignatures,
    findings.undelivered,
  ].every((found) => found.length === 0);
