import { connectBellwire } from '@bellwire/client';
import { startReceiver } from '@bellwire/testing';
import { newCounts, publishAll } from '../../ledger/publishing.ts';
import { waitUntil } from '../../ledger/waiting.ts';
import { createdEndpoint, newTenant, type Api } from '../../target/api.ts';
import { allDeliveries } from '../../target/deliveries.ts';
import type { Target } from '../../target/start-target.ts';
import { mostWithin } from './windows.ts';

export interface BurstOptions {
  endpoints: number;
  /** For each endpoint, at once. */
  events: number;
  limit: number;
  periodSeconds: number;
  /** Processes that are killed in the middle of it; none. */
  killed: readonly string[];
  killAfterMs: number;
}

/** Of all endpoints of a burst, the worst. */
export interface BurstResult {
  killed: string;
  accepted: number;
  deliveries: number;
  lost: number;
  duplicates: number;
  /** Requests within the period and a second, and within the period alone. */
  mostInWindow: number;
  mostInPeriod: number;
  /** How far that is above what may be: the limit and, after a kill, what was in flight. */
  aboveBound: number;
  /** From the first publish to the last of the burst that the limit allows, and to the last of all. */
  firstBurstMs: number;
  allAfterMs: number;
  /** Deliveries that audit shows with another number of attempts than one, and those that it does not show as delivered. */
  notOneAttempt: number;
  notShown: number;
  /** What it shows of those instead: how many of each status, reason and next attempt. */
  shownInstead: string;
}

interface Arrival {
  id: string;
  atMs: number;
}

/** State of endpoints is written once a second (apps/dispatcher/src/endpoint-states.ts): what came later than that may not be known to the next owner. */
const stateAgeMs = 1500;

const counted = (texts: readonly string[]): string =>
  [...new Set(texts)].map((text) => `${texts.filter((each) => each === text).length} ${text}`).join('; ') || 'nothing';

const auditLimitMs = 30_000;

/** What audit says once it has caught up. */
const shownOf = async (api: Api, endpointIds: readonly string[], events: number) => {
  const endsAt = Date.now() + auditLimitMs;
  for (;;) {
    const all = (await Promise.all(endpointIds.map((id) => allDeliveries(api, id)))).flat();
    const delivered = all.filter(({ status }) => status === 'delivered');
    const notShown = events * endpointIds.length - delivered.length;
    const notOneAttempt = delivered.filter((each) => each.attempt_count !== 1).length;
    if (notShown === 0 || Date.now() > endsAt) {
      const others = all.filter(({ status }) => status !== 'delivered');
      const shownInstead = counted(others.map((each) => `${each.status} ${each.reason} ${each.next_attempt_at}`));
      return { notShown, notOneAttempt, shownInstead };
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};

const timesOf = (arrivals: readonly Arrival[]): number[] => arrivals.map(({ atMs }) => atMs);

/** So many events at once for endpoints with a rate limit, and when they came. */
export const burst = async (cluster: Target, options: BurstOptions): Promise<BurstResult> => {
  const { endpoints, events, limit, periodSeconds, killed, killAfterMs } = options;
  const windowMs = (periodSeconds + 1) * 1000;
  const ledgers = Array.from({ length: endpoints }, (): Arrival[] => []);
  const receiver = await startReceiver({
    keepLast: 0,
    answer: ({ path, headers, receivedAtMs }) => {
      ledgers[Number(path.slice(1))]?.push({ id: String(headers['webhook-id']), atMs: receivedAtMs });
      return 200;
    },
  });
  const { key, api } = await newTenant(cluster.rest, cluster.adminKey);
  const client = connectBellwire({ address: cluster.grpc.ingestion, key });
  try {
    const endpointIds: string[] = [];
    for (let n = 0; n < endpoints; n++) {
      const rate_limit = { limit, period_seconds: periodSeconds };
      endpointIds.push(
        (await api.post('/v1/endpoints', { url: receiver.url(`/${n}`), rate_limit }, createdEndpoint)).id,
      );
    }
    const counts = newCounts();
    const startedAtMs = Date.now();
    await publishAll(client, events, counts);
    await waitUntil(() => Date.now() >= startedAtMs + killAfterMs, killAfterMs + 1000);
    const killedAtMs = Date.now();
    for (const name of killed) process.kill(cluster.pidOf(name), 'SIGKILL');

    const distinct = (arrivals: readonly Arrival[]): number => new Set(arrivals.map(({ id }) => id)).size;
    const hasAll = (): boolean => ledgers.every((arrivals) => distinct(arrivals) >= counts.accepted.size);
    await waitUntil(hasAll, 2 * Math.ceil(events / limit) * windowMs + 60_000);
    const inFlight = (arrivals: readonly Arrival[]): number =>
      killed.length === 0
        ? 0
        : arrivals.filter(({ atMs }) => atMs > killedAtMs - stateAgeMs && atMs <= killedAtMs).length;
    const arrived = ledgers.reduce((sum, arrivals) => sum + arrivals.length, 0);
    const came = ledgers.reduce((sum, arrivals) => sum + distinct(arrivals), 0);
    const deliveries = counts.accepted.size * endpoints;
    return {
      killed: killed.join(' and ') || 'nobody',
      accepted: counts.accepted.size,
      deliveries,
      lost: deliveries - came,
      duplicates: arrived - came,
      mostInWindow: Math.max(...ledgers.map((arrivals) => mostWithin(timesOf(arrivals), windowMs))),
      mostInPeriod: Math.max(...ledgers.map((arrivals) => mostWithin(timesOf(arrivals), periodSeconds * 1000))),
      aboveBound: Math.max(
        0,
        ...ledgers.map((arrivals) => mostWithin(timesOf(arrivals), windowMs) - limit - inFlight(arrivals)),
      ),
      firstBurstMs: Math.max(...ledgers.map((arrivals) => (arrivals[limit - 1]?.atMs ?? NaN) - startedAtMs)),
      allAfterMs: Math.max(...ledgers.flatMap(timesOf)) - startedAtMs,
      ...(await shownOf(api, endpointIds, counts.accepted.size)),
    };
  } finally {
    client.close();
    await receiver.close();
  }
};

const firstBurstLimitMs = 3000;

export const isBurstFine = (result: BurstResult, { events, killed }: BurstOptions): boolean =>
  result.accepted === events &&
  result.lost === 0 &&
  result.aboveBound === 0 &&
  result.firstBurstMs <= firstBurstLimitMs &&
  result.notShown === 0 &&
  (killed.length > 0 || (result.duplicates === 0 && result.notOneAttempt === 0));
