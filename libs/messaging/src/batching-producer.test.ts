import { describe, expect, test } from '@jest/globals';
import { batchingProducer } from './batching-producer.ts';
import type { NewRecord } from './log.ts';
import { simulatedLog } from './simulated/simulated-log.ts';

const record = (text: string): NewRecord => ({ topic: 't', key: 'k', value: Buffer.from(text) });

/** A log that writes down the size of each write. */
const counting = () => {
  const log = simulatedLog({ partitions: 1 });
  const writes: number[] = [];
  const produce = log.produce.bind(log);
  return {
    ...log,
    writes,
    produce: (records: readonly NewRecord[]) => (writes.push(records.length), produce(records)),
  };
};

describe('batching producer', () => {
  test('gathers what comes while a write is in flight into the next', async () => {
    const log = counting();
    const producer = batchingProducer(log);
    const first = producer.produce([record('0')]);
    await new Promise((resolve) => setImmediate(resolve));
    const others = Array.from({ length: 9 }, (_, i) => producer.produce([record(`${i + 1}`)]));
    await Promise.all([first, ...others]);
    expect(log.writes).toEqual([1, 9]);
    expect(log.records('t').map((r) => Buffer.from(r.value ?? []).toString())).toEqual(
      Array.from({ length: 10 }, (_, i) => `${i}`),
    );
  });

  test('keeps writes within their bounds, and the order of a call that needs several', async () => {
    const log = counting();
    const producer = batchingProducer(log, { maxBatchRecords: 4, maxBatchBytes: 1000 });
    const sent = Array.from({ length: 10 }, (_, i) => `${i}`);
    await Promise.all([producer.produce(sent.map(record)), producer.produce([record('x'.repeat(2000))])]);
    expect(log.writes).toEqual([4, 4, 2, 1]);
    expect(
      log
        .records('t')
        .slice(0, 10)
        .map((r) => Buffer.from(r.value ?? []).toString()),
    ).toEqual(sent);
  });

  test('rejects exactly the callers whose write failed', async () => {
    const log = counting();
    const producer = batchingProducer(log, { maxBatchRecords: 2 });
    log.faults.failProduce(1);
    const results = await Promise.allSettled([
      producer.produce([record('a')]),
      producer.produce([record('b'), record('c'), record('d')]),
      producer.produce([record('e')]),
    ]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    // The rest of a call that has failed is not written: its caller will send all of it again.
    expect(log.records('t').map((r) => Buffer.from(r.value ?? []).toString())).toEqual(['e']);
  });

  test('refuses callers while too much is waiting, and takes them again afterwards', async () => {
    const producer = batchingProducer(simulatedLog({ partitions: 1 }), { maxBufferedBytes: 1000 });
    const first = producer.produce([record('x'.repeat(900))]);
    await expect(producer.produce([record('y'.repeat(200))])).rejects.toMatchObject({ reason: 'OVERLOADED' });
    await first;
    await producer.produce([record('y'.repeat(200))]);
    const failing = simulatedLog({ partitions: 1 });
    const other = batchingProducer(failing, { maxBufferedBytes: 1000 });
    failing.faults.failProduce(1);
    await expect(other.produce([record('x'.repeat(900))])).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    await other.produce([record('x'.repeat(900))]);
  });

  test('writes what it has before it closes, and takes nothing more', async () => {
    const log = counting();
    const producer = batchingProducer(log);
    const last = producer.produce([record('last')]);
    await producer.close();
    await last;
    await expect(producer.produce([record('late')])).rejects.toMatchObject({ reason: 'STOPPING' });
    expect(log.writes).toEqual([1]);
  });
});
