import { describe, expect, test } from '@jest/globals';
import { simulatedLog, startWorker } from '../index.ts';

const setUp = async () => {
  const log = simulatedLog();
  await log.topics([{ name: 't', partitions: 1, retentionMs: 60_000, cleanup: 'delete' }]);
  const record = (key: string) => ({ topic: 't', key, value: Buffer.from(key) });
  return { log, produce: (...keys: string[]) => log.produce(keys.map(record)) };
};

const until = async (isSo: () => boolean): Promise<void> => {
  for (const endsAt = Date.now() + 2000; !isSo();) {
    if (Date.now() > endsAt) throw new Error('gave up waiting');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

describe('a partition that has become ours', () => {
  test('is handed over in order once its owner is prepared', async () => {
    const { log, produce } = await setUp();
    await produce('a', 'b');
    let isPrepared: () => void = () => undefined;
    const preparation = new Promise<void>((resolve) => (isPrepared = resolve));
    const seen: string[] = [];
    const asked: number[] = [];
    const worker = await startWorker({
      log,
      topics: ['t'],
      group: 'g',
      decode: (bytes) => Buffer.from(bytes).toString(),
      handle: (tasks) => tasks.forEach(({ value, settle }) => (seen.push(value), settle())),
      prepare: ({ partition }) => (asked.push(partition), preparation),
      onFailure: () => undefined,
    });
    await until(() => worker.inFlight() === 2);
    await produce('c');
    await until(() => worker.inFlight() === 3);
    expect(seen).toEqual([]);
    isPrepared();
    await until(() => seen.length === 3);
    await produce('d');
    await until(() => seen.length === 4);
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
    expect(asked).toEqual([0]);
    await worker.close();
  });
});
