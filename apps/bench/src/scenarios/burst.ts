import { readSettings } from '@bellwire/config';
import { partitionOf } from '@bellwire/messaging';
import { machineMs, sleep } from '../clock.ts';
import { startHelper } from '../helper-process.ts';
import { newTenant } from '../product/tenant.ts';
import { quantilesOf, type Quantiles } from '../statistics.ts';
import {
  publishReport,
  type PublishedEvent,
  type PublishMode,
  type PublishOrder,
} from '../traffic/generator-protocol.ts';
import type { Arrival } from '../traffic/receiver-protocol.ts';
import { openAccounts, type Stage } from './accounts.ts';
import { settleUp } from './ledger.ts';
import type { MachineUse } from './results.ts';
import { openSite, type Site } from './site.ts';
import { settled } from './waiting.ts';

export interface BurstOptions {
  publish: PublishMode;
  /** Of the burst. @default 12000 */
  events: number | undefined;
}

/** What came of the events of the tenant that is measured. */
export interface BurstPhase {
  events: number;
  latencyMs: Quantiles;
  longestMs: number;
  lost: number;
  duplicates: number;
}

/** A burst of one tenant, and what another one noticed of it, from its first event until the last has arrived. */
export interface BurstResult {
  title: string;
  beside: BurstPhase;
  /** Of these, what was published while the burst was. */
  whileAccepted: BurstPhase;
  acceptedAfterMs: number;
  events: number;
  lost: number;
  duplicates: number;
  mostAtOnce: number;
  drainedAfterMs: number;
  /** The same where its endpoint is always busy. */
  idealMs: number;
}

export interface BurstsResult {
  alone: BurstPhase;
  bursts: BurstResult[];
  machine: MachineUse;
}

const perSecond = 50;
const aloneSeconds = 20;
const leadMs = 2000;
const chunkSeconds = 10;
const answerMs = 200;
const drainLimitMs = 5 * 60_000;
const burstGroup = 'burst';

/** A tenant of its own, with an endpoint whose deliveries are in the partition that `isWanted`. */
const openTarget = async ({ product, receiver }: Stage, name: string, isWanted: (partition: number) => boolean) => {
  const tenant = await newTenant(product, name);
  const { BELLWIRE_PARTITIONS: partitions } = readSettings({});
  const path = `/${Math.round(machineMs())}/burst`;
  for (;;) {
    const { id, secret } = await tenant.createEndpoint(receiver.url(path, 'second'));
    if (isWanted(partitionOf(id, partitions))) {
      await receiver.expect({ path, group: burstGroup, secret, status: 200, delayMs: answerMs });
      return { key: tenant.key, path };
    }
    await tenant.deleteEndpoint(id);
  }
};

/** The fresh events that were due within a time, and what came of them. */
const phaseOf = (
  { published, arrivals }: { published: readonly PublishedEvent[]; arrivals: readonly Arrival[] },
  { pathsOf }: Site,
  [fromMs, toMs]: readonly [number, number],
): BurstPhase => {
  const within = published.filter(({ startedAtMs }) => startedAtMs >= fromMs && startedAtMs <= toMs);
  const { accepted, latenciesMs, lost, duplicates } = settleUp(within, arrivals, pathsOf);
  return {
    events: accepted,
    latencyMs: quantilesOf(latenciesMs),
    longestMs: Math.max(...latenciesMs),
    lost,
    duplicates,
  };
};

/** Until so many requests have come for a group, or none for half a minute. */
const arrivedFor = async ({ receiver }: Stage, group: string, expected: number): Promise<void> => {
  let [last, lastAtMs] = [0, machineMs()];
  while (last < expected && machineMs() - lastAtMs < 30_000) {
    await sleep(50);
    const count = await receiver.count(group);
    if (count !== last) lastAtMs = machineMs();
    last = count;
  }
};

/** Fresh events at an even rate for at least so long, and on while `goesOn`. */
const publishFresh = async (
  { product, generator }: Stage,
  { key, measuredTypes: types }: Site,
  mode: PublishMode,
  { seconds, goesOn }: { seconds: number; goesOn: () => boolean },
): Promise<PublishedEvent[]> => {
  const { ingestion, rest } = product;
  const order = (length: number): PublishOrder => {
    return { mode, ingestion, rest, key, types, ratePerSecond: perSecond, events: Math.round(length * perSecond) };
  };
  const published: PublishedEvent[] = [];
  for (let length = seconds; published.length === 0 || goesOn(); length = chunkSeconds)
    published.push(...(await generator.ask(order(length), publishReport)).published);
  return published;
};

interface Target {
  title: string;
  key: string;
  path: string;
}

/** Publishes the burst with a generator of its own and waits until it has arrived. */
const burstInto = async (stage: Stage, { key }: Target, { publish: mode, events = 12_000 }: BurstOptions) => {
  const { ingestion, rest } = stage.product;
  const generator = startHelper(new URL('../traffic/generator.ts', import.meta.url));
  try {
    await sleep(leadMs);
    const startedAtMs = machineMs();
    const order: PublishOrder = { mode, ingestion, rest, key, types: ['order.paid'], events };
    const { published } = await generator.ask(order, publishReport);
    const acceptedAtMs = machineMs();
    await arrivedFor(stage, burstGroup, published.filter(({ id }) => id !== undefined).length);
    return { published, startedAtMs, acceptedAtMs };
  } finally {
    await generator.stop();
  }
};

const runBurst = async (stage: Stage, site: Site, target: Target, options: BurstOptions): Promise<BurstResult> => {
  const { receiver } = stage;
  const { title, path } = target;
  const { BELLWIRE_MAX_CONCURRENCY: concurrency } = readSettings({});
  const idealMs = ((options.events ?? 12_000) * answerMs) / concurrency;
  const untilMs = machineMs() + drainLimitMs;
  let isOver = false;
  const bursting = burstInto(stage, target, options).finally(() => (isOver = true));
  const goesOn = (): boolean => !isOver && machineMs() < untilMs;
  const fresh = await publishFresh(stage, site, options.publish, { seconds: (leadMs + idealMs) / 1000 + 2, goesOn });
  const { published, startedAtMs, acceptedAtMs } = await bursting;
  await arrivedFor(stage, 'measured', fresh.filter(({ id }) => id !== undefined).length);
  const mostAtOnce = await receiver.mostAtOnce(path);
  const { arrivals } = await receiver.take();
  const burst = settleUp(published, arrivals, () => [path]);
  const traffic = { published: fresh, arrivals };
  return {
    title,
    beside: phaseOf(traffic, site, [startedAtMs, burst.lastArrivalMs]),
    whileAccepted: phaseOf(traffic, site, [startedAtMs, acceptedAtMs]),
    acceptedAfterMs: acceptedAtMs - startedAtMs,
    events: burst.accepted,
    lost: burst.lost,
    duplicates: burst.duplicates,
    mostAtOnce,
    drainedAfterMs: burst.lastArrivalMs - startedAtMs,
    idealMs,
  };
};

/** Fresh events of one tenant: alone, beside a burst of another one in another partition, and in the same. */
export const runBursts = async (stage: Stage, options: BurstOptions): Promise<BurstsResult> => {
  const site = await openSite(stage, { title: 'beside a burst', endpoints: 1 });
  const [endpointId = ''] = site.endpointIds;
  const own = partitionOf(endpointId, readSettings({}).BELLWIRE_PARTITIONS);
  const apart = await openTarget(stage, 'burst apart', (partition) => partition !== own);
  const along = await openTarget(stage, 'burst along', (partition) => partition === own);
  const targets: Target[] = [
    { ...apart, title: 'beside a burst in another partition' },
    { ...along, title: 'beside a burst in the same partition' },
  ];
  await stage.receiver.take();
  const close = openAccounts(stage);
  const first = await publishFresh(stage, site, options.publish, { seconds: aloneSeconds, goesOn: () => false });
  await arrivedFor(stage, 'measured', first.length);
  const alone = phaseOf({ published: first, ...(await stage.receiver.take()) }, site, [-Infinity, Infinity]);
  const bursts: BurstResult[] = [];
  for (const target of targets) {
    await settled(stage.product);
    bursts.push(await runBurst(stage, site, target, options));
  }
  return { alone, bursts, machine: close(alone.events).machine };
};
