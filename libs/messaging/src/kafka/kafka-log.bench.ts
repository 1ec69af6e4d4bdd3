// Records per second and latencies through the log on Kafka. By hand, from the root:
//   node libs/messaging/src/kafka/kafka-log.bench.ts 127.0.0.1:9092
import { randomBytes } from 'node:crypto';
import type { Log, LogRecord, NewRecord } from '../log.ts';
import { openKafkaLog } from './kafka-log.ts';

const batches = 200;
const batchRecords = 200;
const total = batches * batchRecords;
const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

/** Calls that are under way at once. */
const produceAll = async (log: Log, topic: string, callers: number): Promise<void> => {
  let left = batches;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const batch = Array.from({ length: batchRecords }, (_, i): NewRecord => ({
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

const consumeAll = async (log: Log, topic: string, group: string): Promise<void> => {
  let seen = 0;
  const all = Promise.withResolvers<void>();
  const records = (batch: readonly LogRecord[]): void => {
    seen += batch.length;
    if (seen === total) all.resolve();
  };
  const handlers = { assigned: () => undefined, revoked: () => undefined, records };
  const member = await log.consume({ topics: [topic], group, handlers });
  await all.promise;
  await member.close();
};

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

const latency = async (name: string, ask: (i: number) => Promise<unknown>): Promise<void> => {
  const times: number[] = [];
  for (let i = 0; i < 500; i++) {
    const startMs = performance.now();
    await ask(i);
    times.push(performance.now() - startMs);
  }
  times.sort((a, b) => a - b);
  console.log(`${name}: p50 ${times[250]?.toFixed(2)} ms, p99 ${times[495]?.toFixed(2)} ms`);
};

const broker = process.argv[2];
if (broker === undefined) throw new Error('name a broker');
const prefix = `bench-${randomBytes(4).toString('hex')}.`;
const log = await openKafkaLog({ brokers: [broker], clientId: 'bench', prefix, onError: console.error });
const topics = ['warm', 'one', 'four', 'both'];
const spec = { partitions: 8, retentionMs: 7 * 24 * 3_600_000 };
await log.topics(topics.map((name) => ({ ...spec, name, cleanup: 'delete' })));
await log.topics([{ ...spec, name: 'view', partitions: 1, cleanup: 'compact' }]);
await produceAll(log, 'warm', 4);
await measure('produce, 1 caller', () => produceAll(log, 'one', 1));
await measure('produce, 4 callers', () => produceAll(log, 'four', 4));
await measure('consume', () => consumeAll(log, 'four', 'g'));
await measure('produce and consume, 4 callers', async () => {
  await Promise.all([consumeAll(log, 'both', 'g'), produceAll(log, 'both', 4)]);
});
await latency('one record', (i) => log.produce([{ topic: 'warm', key: `${i}`, value: Buffer.alloc(1024) }]));
await latency('the ends of 8 partitions', () => log.endOffsets('warm'));
const changes = Array.from({ length: 10_000 }, (_, i): NewRecord => ({
  topic: 'view',
  key: `endpoint/${i}`,
  value: Buffer.alloc(700),
}));
await log.produce(changes);
const startMs = performance.now();
let seen = 0;
const read = Promise.withResolvers<void>();
const records = (batch: readonly LogRecord[]): void => {
  seen += batch.length;
  if (seen === changes.length) read.resolve();
};
const reader = await log.read({ topic: 'view', partition: 0, fromOffset: 0, records });
await read.promise;
console.log(`10,000 changes read in ${Math.round(performance.now() - startMs)} ms`);
await reader.close();
await log.close();
