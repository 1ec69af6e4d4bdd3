import { connectBellwire } from '@bellwire/client';
import { startReceiver } from '@bellwire/testing';
import { Webhook } from 'standardwebhooks';
import { waitUntil } from '../../ledger/waiting.ts';
import { created, createdEndpoint, newTenant, nothing, type Api } from '../../target/api.ts';
import type { Target } from '../../target/start-target.ts';

/** Counted over all rounds; each makes an endpoint of its own for an event type of its own. */
export interface WritesResult {
  rounds: number;
  /** Published right after the creation had returned, and never arrived. */
  missedAfterCreate: number;
  missedAfterRotate: number;
  /** Published after a rotation without overlap, and verified with the old secret, or not with the new one. */
  wrongSecret: number;
  sentAfterDisable: number;
  sentAfterDelete: number;
  /** Came more than once. */
  repeated: number;
  /** From the publish to the arrival of what is published right after a creation, the median and the longest. */
  createMs: number;
  createLongestMs: number;
  totalMs: number;
}

interface Arrival {
  eventId: string;
  body: string;
  headers: Record<string, string>;
  atMs: number;
}

type Publish = (type: string) => Promise<string>;

interface Round {
  createdId: string;
  rotatedId: string;
  disabledId: string;
  deletedId: string;
  isWrongSecret: boolean;
  createMs: number;
}

const lanes = 4;
const arriveMs = 30_000;

const verifies = (secret: string, { body, headers }: Arrival): boolean => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

interface RoundDeps {
  api: Api;
  publish: Publish;
  url: string;
  type: string;
  arrivals: readonly Arrival[];
}

const rotated = createdEndpoint.pick({ secret: true });

/** Create, publish, rotate, publish, disable, publish, delete, publish: no pause between a write and its publish. */
const playRound = async ({ api, publish, url, type, arrivals }: RoundDeps): Promise<Round> => {
  const arrival = (eventId: string) => arrivals.find((one) => one.eventId === eventId);
  const { id, secret: first } = await api.post('/v1/endpoints', { url, event_types: [type] }, createdEndpoint);
  const publishedAt = Date.now();
  const createdId = await publish(type);
  const { secret: second } = await api.post(`/v1/endpoints/${id}/rotate-secret`, { overlap_seconds: 0 }, rotated);
  const rotatedId = await publish(type);
  // A delivery that waits is held when its endpoint is disabled: these two come before it.
  await waitUntil(() => arrival(createdId) !== undefined && arrival(rotatedId) !== undefined, arriveMs);
  await api.post(`/v1/endpoints/${id}/disable`, undefined, nothing);
  const disabledId = await publish(type);
  const { status } = await api.raw('DELETE', `/v1/endpoints/${id}`);
  if (status !== 204) throw new Error(`deleting answered ${status}`);
  const deletedId = await publish(type);
  const afterRotate = arrival(rotatedId);
  return {
    createdId,
    rotatedId,
    disabledId,
    deletedId,
    isWrongSecret: afterRotate !== undefined && (verifies(first, afterRotate) || !verifies(second, afterRotate)),
    createMs: (arrival(createdId)?.atMs ?? Infinity) - publishedAt,
  };
};

const resultOf = (played: readonly Round[], count: (eventId: string) => number) => {
  const missed = (ids: readonly string[]) => ids.filter((id) => count(id) === 0).length;
  const sent = (ids: readonly string[]) => ids.filter((id) => count(id) > 0).length;
  const waits = played.map(({ createMs }) => createMs).toSorted((a, b) => a - b);
  return {
    rounds: played.length,
    missedAfterCreate: missed(played.map(({ createdId }) => createdId)),
    missedAfterRotate: missed(played.map(({ rotatedId }) => rotatedId)),
    wrongSecret: played.filter(({ isWrongSecret }) => isWrongSecret).length,
    sentAfterDisable: sent(played.map(({ disabledId }) => disabledId)),
    sentAfterDelete: sent(played.map(({ deletedId }) => deletedId)),
    repeated: played.filter(({ createdId, rotatedId }) => count(createdId) > 1 || count(rotatedId) > 1).length,
    createMs: waits[Math.floor(waits.length / 2)] ?? 0,
    createLongestMs: waits.at(-1) ?? 0,
  };
};

const openRecorder = async () => {
  const arrivals = new Map<string, Arrival[]>();
  let lastAtMs = Date.now();
  const at = (path: string): Arrival[] => {
    const known = arrivals.get(path) ?? [];
    arrivals.set(path, known);
    return known;
  };
  const receiver = await startReceiver({
    keepLast: 0,
    answer: ({ path, headers, body }) => {
      lastAtMs = Date.now();
      const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      at(path).push({ eventId: texts['webhook-id'] ?? '', body: body.toString(), headers: texts, atMs: lastAtMs });
      return 200;
    },
  });
  const count = (eventId: string): number =>
    [...arrivals.values()].flat().filter((arrival) => arrival.eventId === eventId).length;
  /** Nothing has come for three seconds. */
  const quiet = () => waitUntil(() => Date.now() - lastAtMs > 3000, 30_000);
  return { receiver, at, count, quiet };
};

/** Rounds on four lanes; half of the events are published over gRPC to ingestion, half over REST. */
export const writesRun = async (cluster: Target, rounds: number): Promise<WritesResult> => {
  const startedAt = Date.now();
  const { receiver, at, count, quiet } = await openRecorder();
  const { key, api } = await newTenant(cluster.rest, cluster.adminKey);
  const client = connectBellwire({ address: cluster.grpc.ingestion, key });
  const overGrpc: Publish = async (type) => (await client.publish({ type, data: {} })).eventId;
  const overRest: Publish = async (type) => (await api.post('/v1/events', { type, data: {} }, created)).id;
  const played: Round[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let n = next++; n < rounds; n = next++) {
      const path = `/${n}`;
      const publish = n % 2 === 0 ? overGrpc : overRest;
      played.push(await playRound({ api, publish, url: receiver.url(path), type: `round.n${n}`, arrivals: at(path) }));
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
    await quiet();
    const counts = new Map<string, number>();
    for (const { createdId, rotatedId, disabledId, deletedId } of played) {
      for (const id of [createdId, rotatedId, disabledId, deletedId]) counts.set(id, 0);
    }
    for (const id of counts.keys()) counts.set(id, count(id));
    return { ...resultOf(played, (id) => counts.get(id) ?? 0), totalMs: Date.now() - startedAt };
  } finally {
    client.close();
    await receiver.close();
  }
};

export const isWritesFine = (result: WritesResult): boolean =>
  [
    result.missedAfterCreate,
    result.missedAfterRotate,
    result.wrongSecret,
    result.sentAfterDisable,
    result.sentAfterDelete,
  ].every((count) => count === 0);
