import { connectBellwire, type BellwireClient } from '@bellwire/client';
import { startReceiver, type Receiver } from '@bellwire/testing';
import { createdEndpoint, newTenant } from '../../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../../target/start-target.ts';

export interface KillRunOptions {
  events: number;
  endpoints: number;
  /** The process is killed once this share of all deliveries has arrived. @default 0.3 */
  killAtShare?: number;
  maxInFlight?: number;
}

/** Counted by ids: of events that were acknowledged, of requests that arrived. */
export interface KillRunResult {
  accepted: number;
  deliveries: number;
  lost: number;
  duplicates: number;
  /** Requests that the killed process may have had under way: what duplicates may come to. */
  maxInFlight: number;
  arrivedBeforeKill: number;
  readyAfterMs: number;
  /** From the kill to the first request of the new process. */
  firstDeliveryMs: number;
  totalMs: number;
}

const batchSize = 50;

/** Publishes all events in batches, each again under its idempotency key until it is acknowledged. */
const publishAll = async (client: BellwireClient, events: number, accepted: Set<string>): Promise<void> => {
  let next = 0;
  const publishBatch = async (from: number): Promise<void> => {
    let open = Array.from({ length: Math.min(batchSize, events - from) }, (_, index) => from + index);
    while (open.length > 0) {
      const batch = open.map((n) => ({ type: 'order.paid', data: { n }, idempotencyKey: `order-${n}` }));
      try {
        const results = await client.publishBatch(batch);
        open = open.filter((_, index) => {
          const result = results[index];
          if (result === undefined || !('eventId' in result)) return true;
          accepted.add(result.eventId);
          return false;
        });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  const lane = async (): Promise<void> => {
    for (let from = next; from < events; from = next) {
      next = from + batchSize;
      await publishBatch(from);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
};

const waitUntil = async (isDone: () => boolean, timeoutMs: number): Promise<boolean> => {
  const endsAt = Date.now() + timeoutMs;
  while (!isDone()) {
    if (Date.now() > endsAt) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
};

/** What arrived, by (endpoint, event). */
const ledgerOf = (receiver: Receiver) => {
  const counts = new Map<string, number>();
  let seen = 0;
  return {
    read: (): Map<string, number> => {
      for (; seen < receiver.requests.length; seen++) {
        const request = receiver.requests[seen];
        const pair = `${request?.path} ${String(request?.headers['webhook-id'])}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
      return counts;
    },
  };
};

const portsOf = (suite: Target): Record<string, string> =>
  Object.fromEntries(
    [['HTTP', suite.rest] as const, ...Object.entries(suite.grpc)].map(([name, address]) => [
      `BELLWIRE_${name.toUpperCase()}_PORT`,
      address.split(':').at(-1) ?? '',
    ]),
  );

/** Kills the suite with SIGKILL in the middle of its work, starts it again on the same data, and counts. */
export const killRun = async (options: KillRunOptions): Promise<KillRunResult> => {
  const { events, endpoints, killAtShare = 0.3, maxInFlight = 512 } = options;
  const startedAt = Date.now();
  const dataDir = newDataDir();
  const receiver = await startReceiver({ keepBodies: false });
  const env = { BELLWIRE_MAX_IN_FLIGHT: String(maxInFlight) };
  let suite = await startTarget({ dataDir, env });
  try {
    const { key, api } = await newTenant(suite.rest, suite.adminKey);
    for (let n = 0; n < endpoints; n++) {
      await api.post('/v1/endpoints', { url: receiver.url(`/${n}`) }, createdEndpoint);
    }
    const accepted = new Set<string>();
    const client = connectBellwire({ address: suite.grpc.ingestion, key });
    const publishing = publishAll(client, events, accepted);

    const expected = events * endpoints;
    await waitUntil(() => receiver.count >= expected * killAtShare, 120_000);
    const ports = portsOf(suite);
    await suite.kill('SIGKILL');
    const killedAt = Date.now();
    const arrivedBeforeKill = receiver.count;
    suite = await startTarget({ dataDir, env: { ...env, ...ports } });
    await publishing;
    client.close();

    const ledger = ledgerOf(receiver);
    await waitUntil(() => ledger.read().size >= accepted.size * endpoints, 180_000);
    // What is still to come a second time has a moment to come.
    let quietSince = receiver.count;
    await waitUntil(() => {
      const isQuiet = receiver.count === quietSince;
      quietSince = receiver.count;
      return isQuiet;
    }, 5000);
    const counts = ledger.read();
    const afterKill = receiver.requests.find(({ receivedAtMs }) => receivedAtMs > killedAt);
    return {
      accepted: accepted.size,
      deliveries: accepted.size * endpoints,
      lost: accepted.size * endpoints - counts.size,
      duplicates: receiver.requests.length - counts.size,
      maxInFlight,
      arrivedBeforeKill,
      readyAfterMs: Math.round(suite.readyAfterMs),
      firstDeliveryMs: (afterKill?.receivedAtMs ?? killedAt) - killedAt,
      totalMs: Date.now() - startedAt,
    };
  } finally {
    await suite.kill('SIGTERM');
    await receiver.close();
    removeDataDir(dataDir);
  }
};
