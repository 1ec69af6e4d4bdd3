import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DeliveryRecord } from '@bellwire/contracts';
import { simulatedLog, topicNames, type NewRecord, type SimulatedLog, type Worker } from '@bellwire/messaging';
import { startDelayer } from './delay.ts';

const until = async (what: string, isTrue: () => boolean): Promise<void> => {
  for (const endsAt = Date.now() + 30_000; !isTrue();) {
    if (Date.now() > endsAt) throw new Error(`gave up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const tiers = [
  { name: 'short', delayMs: 300 },
  { name: 'long', delayMs: 3_600_000 },
];
const headers = { traceparent: '00-aa-bb-01' };
const body = Buffer.alloc(200_000, 7);

const waiting = (nth: number, tier: string, fields: Partial<DeliveryRecord> = {}): NewRecord => {
  const nowMs = Date.now();
  const delivery = DeliveryRecord.fromPartial({
    tenantId: 'ten_1',
    endpointId: `ep_${nth}`,
    deliveryId: `delivery ${nth}`,
    enqueuedAtMs: nowMs,
    dueAtMs: nowMs + 300,
    ...fields,
  });
  const value = DeliveryRecord.encode(delivery).finish();
  return { topic: topicNames.retries(tier), key: delivery.deliveryId, value, headers };
};

describe('the delayer', () => {
  let log: SimulatedLog;
  let worker: Worker;
  let left: { record: NewRecord; atMs: number }[];
  let failures: unknown[];
  let put: string[];
  /** Throws for a bug of ours. */
  let onAppend: (records: readonly NewRecord[]) => void;

  beforeEach(async () => {
    log = simulatedLog({ partitions: 4, batchRecords: 10 });
    left = [];
    failures = [];
    put = [];
    onAppend = () => undefined;
    worker = await startDelayer({
      eventLog: log,
      tiers,
      append: async (records) => {
        onAppend(records);
        left.push(...records.map((record) => ({ record, atMs: Date.now() })));
      },
      clock: { now: Date.now },
      stopwatch: { now: () => performance.now() },
      onRetry: (error) => failures.push(error),
      care: { times: { againAfterMs: 5 }, onPutAside: ({ kind, record }) => put.push(`${kind} ${record.key}`) },
    });
  });
  afterEach(async () => {
    await worker.close();
    await log.close();
  });

  test('gives a delivery back when it is due, as it was', async () => {
    const record = waiting(1, 'short');
    await log.produce([record]);
    await until('the delivery', () => left.length === 1);
    expect(left[0]?.record).toMatchObject({ topic: topicNames.deliveries, key: 'ep_1', headers });
    expect(Buffer.from(left[0]?.record.value ?? []).equals(record.value ?? Buffer.alloc(0))).toBe(true);
    expect(failures).toEqual([]);
  });

  test('puts aside what it cannot move, and moves the others', async () => {
    onAppend = ([record]) => {
      if (DeliveryRecord.decode(record?.value ?? Buffer.alloc(0)).deliveryId === 'delivery 2') throw new Error('a bug');
    };
    await log.produce([1, 2, 3].map((nth) => waiting(nth, 'short')));
    await until('the others, and the letter', () => left.length === 2 && put.length === 1);
    expect(put).toEqual(['failed delivery 2']);
    expect(failures).toHaveLength(3);
  });

  test('passes on what is not due when it has waited in a tier, with its new beginning', async () => {
    const dueAtMs = Date.now() + 3_600_000;
    await log.produce([waiting(1, 'short', { dueAtMs, body })]);
    await until('the delivery', () => left.length === 1);
    const { topic, key, value } = left[0]?.record ?? { topic: '', value: null };
    expect([topic, key]).toEqual([topicNames.retries('short'), 'delivery 1']);
    const onward = DeliveryRecord.decode(value ?? Buffer.alloc(0));
    expect(onward).toMatchObject({ endpointId: 'ep_1', dueAtMs, body });
    expect(onward.enqueuedAtMs).toBeGreaterThan(dueAtMs - 3_600_000 + 250);
  });

  test('has a bounded part of a backlog of large deliveries in memory', async () => {
    const dueAtMs = Date.now() + 3_600_000;
    for (let round = 0; round < 10; round++) {
      await log.produce(Array.from({ length: 100 }, (_, nth) => waiting(round * 100 + nth, 'long', { dueAtMs, body })));
    }
    const perPartition = 1024 * 1024;
    await until('a full window', () => worker.inFlight() * body.length >= perPartition * 4);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(worker.inFlight() * body.length).toBeLessThanOrEqual((perPartition + 10 * body.length) * 4);
  });

  test('passes on more than it has in memory, each once and none before it is due', async () => {
    const earliestMs = Date.now() + 300;
    await log.produce(Array.from({ length: 6000 }, (_, nth) => waiting(nth, 'short')));
    await until('all', () => left.length === 6000);
    expect(Math.min(...left.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(earliestMs);
    expect(new Set(left.map(({ record }) => record.key)).size).toBe(6000);
    expect(failures).toEqual([]);
  });
});
