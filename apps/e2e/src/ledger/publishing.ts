import { setTimeout as sleep } from 'node:timers/promises';
import { BellwireError, type BellwireClient } from '@bellwire/client';
import { openIntents, type Intents } from './intents.ts';

/** Ids of events whose publish was acknowledged, with the time at which it was. */
export type Accepted = Map<string, number>;

/** How often a publish failed, by what it failed with. */
export type Failures = Map<string, number>;

const batchSize = 50;
const retryAfterMs = 100;
const names: Readonly<Record<number, string>> = { 4: 'DEADLINE_EXCEEDED', 13: 'INTERNAL', 14: 'UNAVAILABLE' };

const count = (failures: Failures, error: unknown): void => {
  const name = error instanceof BellwireError ? (names[error.code] ?? `code ${error.code}`) : String(error);
  failures.set(name, (failures.get(name) ?? 0) + 1);
};

type Event = Parameters<BellwireClient['publishBatch']>[0][number];

/** Publishes once; answers the events that were not acknowledged. */
const attempt = async (
  client: BellwireClient,
  events: readonly Event[],
  { accepted, failures, intents }: Counts,
): Promise<readonly Event[]> => {
  for (const { data } of events) intents.intend(data);
  try {
    const results = await client.publishBatch(events);
    return events.filter((_, index) => {
      const result = results[index];
      if (result === undefined || !('eventId' in result)) {
        count(failures, result);
        return true;
      }
      if (!accepted.has(result.eventId)) accepted.set(result.eventId, Date.now());
      intents.acknowledge(events[index]?.data, result.eventId);
      return false;
    });
  } catch (error) {
    count(failures, error);
    return events;
  }
};

/** Each again under its idempotency key until it is acknowledged. */
const insist = async (client: BellwireClient, events: readonly Event[], counts: Counts): Promise<void> => {
  let open = events;
  while (open.length > 0) {
    open = await attempt(client, open, counts);
    if (open.length > 0) await sleep(retryAfterMs);
  }
};

export interface Counts {
  accepted: Accepted;
  failures: Failures;
  intents: Intents;
}

/** @param intents of the run, where there are; all that is published with them goes into one ledger */
export const newCounts = (intents = openIntents()): Counts => ({ accepted: new Map(), failures: new Map(), intents });

const orderPaid = (n: number): Event => ({ type: 'order.paid', data: { n } });

/**
 * Publishes so many events with idempotency keys, in batches on four lanes, as fast as it goes.
 *
 * @param eventOf the nth of them, from 0
 */
export const publishAll = async (
  client: BellwireClient,
  events: number,
  counts: Counts,
  eventOf: (n: number) => Event = orderPaid,
): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let from = next; from < events; from = next) {
      next = from + batchSize;
      const size = Math.min(batchSize, events - from);
      const batch = Array.from({ length: size }, (_, index) => from + index);
      await insist(
        client,
        batch.map((n) => ({ ...eventOf(n), idempotencyKey: `order-${n}` })),
        counts,
      );
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
};

export interface Load {
  /** With idempotency keys, each again until it is acknowledged. */
  keyed: Counts;
  /** Without; given up when it fails. */
  unkeyed: Counts;
  /** Resolves when the last publish has been answered. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** Of the run. */
  intents: Intents;
  /** Of both kinds together, while publishing works; 0: nothing. */
  eventsPerSecond: number;
  /** Of each kind. @default 4 */
  lanes?: number;
}

const loadBatchSize = 5;

/** Publishes at an even pace until it is stopped. A lane waits for its answer, so an outage is a pause, not a pile. */
export const startLoad = (client: BellwireClient, { intents, eventsPerSecond, lanes = 4 }: LoadOptions): Load => {
  const keyed = newCounts(intents);
  const unkeyed = newCounts(intents);
  const everyMs = (loadBatchSize * lanes * 2 * 1000) / eventsPerSecond;
  const stopping = new AbortController();
  let next = 0;

  const batch = (isKeyed: boolean): Event[] =>
    Array.from({ length: loadBatchSize }, () => {
      const n = next++;
      return { type: 'order.paid', data: { load: n }, ...(isKeyed ? { idempotencyKey: `load-${n}` } : {}) };
    });

  const lane = async (publish: () => Promise<unknown>): Promise<void> => {
    for (
      let dueAtMs = Date.now() + Math.random() * everyMs;
      !stopping.signal.aborted;
      dueAtMs = Math.max(Date.now(), dueAtMs + everyMs)
    ) {
      await sleep(Math.max(0, dueAtMs - Date.now()), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await publish();
    }
  };
  const running = Promise.all(
    Array.from({ length: eventsPerSecond === 0 ? 0 : lanes }, () => [
      lane(() => insist(client, batch(true), keyed)),
      lane(() => attempt(client, batch(false), unkeyed)),
    ]).flat(),
  );
  return {
    keyed,
    unkeyed,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};

export const failuresText = (failures: Failures): string =>
  [...failures].map(([name, times]) => `${name} ${times}`).join(' ') || 'none';
