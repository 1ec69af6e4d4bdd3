import { setTimeout as sleep } from 'node:timers/promises';
import { acceptedOf, failuresText, startLoad, type Accepted } from './publishing.ts';
import type { Rig, Run } from './rig.ts';
import { joinDispatcher } from './third-dispatcher.ts';
import { settled, waitUntil } from './waiting.ts';

export interface JoinOptions {
  /** How often a third dispatcher joins and leaves. */
  rounds: number;
  eventsPerSecond: number;
  /** How long it stays, and stays away. @default 3 */
  staySeconds?: number;
}

/** Counted by ids: of events that were acknowledged, of requests that arrived. */
export interface JoinResult {
  rounds: number;
  accepted: number;
  deliveries: number;
  lost: number;
  duplicates: number;
  /** Between two requests one after the other, while events are published all the time. */
  longestGapMs: number;
  /** From the acknowledgment of an event to its arrival: half, 99 of 100, and all of them. */
  waitP50Ms: number;
  waitP99Ms: number;
  longestWaitMs: number;
  /** The slowest, from the start until it said that it is ready, and from SIGTERM to its end. */
  readyMs: number;
  leaveMs: number;
  /** Rounds in which it did not end with 0. */
  badExits: number;
  failed: string;
  totalMs: number;
}

/** Sorted, of each delivery that arrived. */
const waitsOf = (accepted: Accepted, { ledger, endpoints }: Run): readonly number[] =>
  [...accepted]
    .flatMap(([eventId, acceptedAt]) =>
      Array.from({ length: endpoints }, (_, endpoint) => (ledger.firstArrival(endpoint, eventId) ?? NaN) - acceptedAt),
    )
    .filter((wait) => !Number.isNaN(wait))
    .toSorted((a, b) => a - b);

const joinAndLeave = async (rig: Rig, staySeconds: number) => {
  const third = await joinDispatcher(rig.cluster);
  await sleep(staySeconds * 1000);
  const leavingAt = performance.now();
  const code = await third.leave();
  const leaveMs = performance.now() - leavingAt;
  await sleep(staySeconds * 1000);
  return { readyMs: third.readyAfterMs, leaveMs, isBad: code !== 0 };
};

/** Under load, a third dispatcher comes and goes in order. */
export const joinRun = async (rig: Rig, run: Run, options: JoinOptions): Promise<JoinResult> => {
  const { rounds, eventsPerSecond, staySeconds = 3 } = options;
  const { ledger, client, endpoints } = run;
  const startedAt = Date.now();
  const load = startLoad(client, { eventsPerSecond });
  await waitUntil(() => ledger.arrived > 0, 30_000);
  const played: Awaited<ReturnType<typeof joinAndLeave>>[] = [];
  for (let round = 0; round < rounds; round++) played.push(await joinAndLeave(rig, staySeconds));
  const stoppingAt = Date.now();
  await load.stop();

  const accepted = acceptedOf(load);
  const deliveries = accepted.size * endpoints;
  await settled(ledger, deliveries);
  const waits = waitsOf(accepted, run);
  const share = (part: number): number => waits[Math.floor((waits.length - 1) * part)] ?? Infinity;
  return {
    rounds,
    accepted: accepted.size,
    deliveries,
    lost: ledger.compare(accepted, endpoints).lost,
    duplicates: ledger.arrived - ledger.distinct,
    longestGapMs: ledger.longestGap(0, stoppingAt),
    waitP50Ms: share(0.5),
    waitP99Ms: share(0.99),
    longestWaitMs: share(1),
    readyMs: Math.round(Math.max(...played.map(({ readyMs }) => readyMs))),
    leaveMs: Math.round(Math.max(...played.map(({ leaveMs }) => leaveMs))),
    badExits: played.filter(({ isBad }) => isBad).length,
    failed: failuresText(new Map([...load.keyed.failures, ...load.unkeyed.failures])),
    totalMs: Date.now() - startedAt,
  };
};

const longestStallMs = 5000;

export const isJoinFine = (result: JoinResult): boolean =>
  result.lost === 0 &&
  result.badExits === 0 &&
  result.longestGapMs <= longestStallMs &&
  result.longestWaitMs <= longestStallMs;
