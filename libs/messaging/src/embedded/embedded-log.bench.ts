// Records per second through the embedded log, in batches of 200 x 1 KiB. By hand, from the root:
//   node libs/messaging/src/embedded/embedded-log.bench.ts postgres://user@host:port/empty-database
import type { LogRecord } from '../log.ts';
import { openEmbeddedLog, type EmbeddedLog } from './embedded-log.ts';

const batches = 300;
const batchRecords = 200;
const total = batches * batchRecords;
const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

/** Calls that are under way at once. */
const produceAll = async (log: EmbeddedLog, topic: string, callers: number): Promise<void> => {
  let left = batches;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const batch = Array.from({ length: batchRecords }, (_, i) => ({
        topic,
        key: `ep_${i}`,
        value: Buffer.alloc(1024, (i * 7) % 251),
        headers,
      }));
      await log.produce(batch);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
};

const consumeAll = (log: EmbeddedLog, topic: string, group: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let seen = 0;
    const ends = new Map<number, number>();
    const records = (batch: readonly LogRecord[]): void => {
      for (const record of batch) ends.set(record.partition, record.offset + 1);
      seen += batch.length;
      if (seen === total) resolve();
    };
    log
      .consume({ topics: [topic], group, handlers: { assigned: () => undefined, revoked: () => undefined, records } })
      .catch(reject);
  });

const measure = async (name: string, work: () => Promise<void>): Promise<void> => {
  const startCpu = process.cpuUsage();
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(startCpu);
  console.log(
    `${name}: ${Math.round(total / seconds)} records/s, ${((user + system) / total).toFixed(1)} us of our CPU each`,
  );
};

const connectionString = process.argv[2];
if (connectionString === undefined) throw new Error('name an empty database');
const log = await openEmbeddedLog({ connectionString, onError: console.error });
const topics = ['warm', 'one', 'four', 'both'];
await log.topics(topics.map((name) => ({ name, partitions: 8, retentionMs: 3_600_000, cleanup: 'delete' })));
await produceAll(log, 'warm', 4);
await measure('produce, 1 caller', () => produceAll(log, 'one', 1));
await measure('produce, 4 callers', () => produceAll(log, 'four', 4));
await measure('consume from the database', () => consumeAll(log, 'four', 'g'));
await measure('produce and consume, 4 callers', async () => {
  await Promise.all([consumeAll(log, 'both', 'g'), produceAll(log, 'both', 4)]);
});
const single = Buffer.alloc(1024);
const times: number[] = [];
for (let i = 0; i < 300; i++) {
  const startMs = performance.now();
  await log.produce([{ topic: 'warm', key: `${i}`, value: single }]);
  times.push(performance.now() - startMs);
}
times.sort((a, b) => a - b);
console.log(`one record at a time: p50 ${times[150]?.toFixed(2)} ms, p99 ${times[297]?.toFixed(2)} ms`);
await log.close();
