import { machineMs } from '../clock.ts';
import { quantilesOf } from '../statistics.ts';
import { publishReport, type PublishOrder, type PublishReport } from '../traffic/generator-protocol.ts';
import type { TakenArrivals } from '../traffic/receiver-protocol.ts';
import { openAccounts, type Stage } from './accounts.ts';
import { settleUp } from './ledger.ts';
import type { Load } from './load.ts';
import type { LoadResult, NeighbourResult } from './results.ts';
import { openSite, type Site, type SiteNeighbour } from './site.ts';
import { arrived, settled } from './waiting.ts';

/** What was published and what came of it, as it is. */
export type Traffic = PublishReport & TakenArrivals;

/** Publishes, and waits until the measured endpoints have what they are owed. */
export const publishTo = async (
  { product, receiver, generator }: Stage,
  { key, pathsOf }: Site,
  what: Pick<PublishOrder, 'mode' | 'events' | 'types' | 'ratePerSecond'>,
): Promise<Traffic> => {
  const order: PublishOrder = { ...what, ingestion: product.ingestion, rest: product.rest, key };
  const report = await generator.ask(order, publishReport);
  const owed = report.published.reduce((sum, { id, type }) => sum + (id === undefined ? 0 : pathsOf(type).length), 0);
  await arrived(receiver, owed);
  return { ...report, ...(await receiver.take()) };
};

const neighbourResult = (neighbour: SiteNeighbour, { published, arrivals }: Traffic): NeighbourResult => {
  const { name, endpointId, path, isOwed } = neighbour;
  const came = arrivals.filter((arrival) => arrival.path === path);
  return {
    name,
    endpointId,
    accepted: published.filter(({ id, type }) => id !== undefined && isOwed(type)).length,
    requests: came.length,
    arrived: new Set(came.map(({ id }) => id)).size,
  };
};

/** Publishes a load, waits until it has arrived, and says what it took. */
export const runLoad = async (stage: Stage, load: Load): Promise<LoadResult> => {
  const { product, receiver } = stage;
  const { publish: mode, events, ratePerSecond } = load;
  const site = await openSite(stage, load);
  await receiver.take();
  const close = openAccounts(stage);
  const fromMs = machineMs();
  const traffic = await publishTo(stage, site, { mode, events, types: site.types, ratePerSecond });
  // The deliveries of neighbours go on for minutes.
  if (site.neighbours.length === 0) await settled(product);
  const toMs = machineMs();
  const { published, verified, badSignatures } = traffic;
  const ledger = settleUp(published, traffic.arrivals, site.pathsOf);
  const { generatorCpu, receiverCpu, ...account } = close(ledger.deliveries);
  if (site.neighbours.length > 0) {
    await site.removeNeighbours();
    await settled(product);
  }
  const answeredAtMs = Math.max(...published.map((each) => each.answeredAtMs));
  const startedAtMs = Math.min(...published.map((each) => each.startedAtMs));
  const { costs } = account;
  return {
    ...account,
    title: load.title,
    events,
    accepted: ledger.accepted,
    refused: ledger.refused,
    deliveries: ledger.deliveries,
    deliveriesPerSecond: (ledger.deliveries * 1000) / (ledger.lastArrivalMs - ledger.firstArrivalMs),
    acceptedPerSecond: ((events - ledger.refused) * 1000) / (answeredAtMs - startedAtMs),
    latencyMs: quantilesOf(ledger.latenciesMs),
    answerMs: quantilesOf(ledger.answersMs),
    lost: ledger.lost,
    duplicates: ledger.duplicates,
    signaturesVerified: verified,
    signaturesWrong: badSignatures,
    failures: traffic.failures,
    neighbours: site.neighbours.map((neighbour) => neighbourResult(neighbour, traffic)),
    cpuPerThousand: Object.values(costs).reduce((sum, each) => sum + each.cpuPerThousand, 0),
    generatorCpuPerThousand: (generatorCpu * 1000) / ledger.deliveries,
    receiverCpuPerThousand: (receiverCpu * 1000) / ledger.deliveries,
    window: { fromMs, toMs },
  };
};
