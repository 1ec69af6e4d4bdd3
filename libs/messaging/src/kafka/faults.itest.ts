import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openLocalKafka, type LocalKafka } from '@bellwire/provision';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, join, spec } from '../conformance/describe-log.ts';
import type { Log, LogRecord } from '../log.ts';
import { startWorker } from '../settlement.ts';
import type { Task } from '../settlement/task.ts';
import { openAsking } from './asking.ts';
import { clientMaker, clusterOf } from './client.ts';
import { openKafkaLog } from './kafka-log.ts';
import { openMember } from './member.ts';
import { namesWith } from './names.ts';

// A broker of our own: it is stopped, killed and started again.
const dataDir = mkdtempSync(path.join(tmpdir(), 'bellwire-kafka-'));
const clientId = 'faults';
let kafka: LocalKafka;
let prefix: string;
let log: Log;
let errors: unknown[];

const open = (options: { sessionTimeoutMs?: number; produceTimeoutMs?: number } = {}) =>
  openKafkaLog({ brokers: kafka.brokers, clientId, prefix, onError: (error) => errors.push(error), ...options });

const kill = async (): Promise<void> => {
  process.kill(kafka.pid, 'SIGKILL');
  await kafka.ended;
};
const restart = async (): Promise<void> => void (kafka = await openLocalKafka({ dataDir, port: kafka.port }));

const record = (text: string, topic = 't') => ({ topic, key: text, value: Buffer.from(text) });
const textOf = ({ value }: LogRecord): string => Buffer.from(value ?? []).toString();

beforeAll(async () => void (kafka = await openLocalKafka({ dataDir })));
afterAll(async () => {
  await kafka.close();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
});
beforeEach(async () => {
  prefix = `t${randomBytes(6).toString('hex')}.`;
  errors = [];
  log = await open({ produceTimeoutMs: 2000, sessionTimeoutMs: 6000 });
  await log.topics([spec('t'), spec('single', 1)]);
});
afterEach(() => log.close());

describe('a broker that goes away', () => {
  test('fails a produce in time, loses nothing that it took, and everything goes on when it is back', async () => {
    const member = await join(log, 'g', ['t']);
    const read: LogRecord[] = [];
    await log.read({ topic: 'single', partition: 0, fromOffset: 0, records: (batch) => void read.push(...batch) });
    await eventually(() => member.owned().length === 4);
    const kept: string[] = [];
    const produce = async (text: string): Promise<void> => {
      await log.produce([record(text), record(text, 'single')]);
      kept.push(text);
    };
    for (let i = 0; i < 50; i++) await produce(`before ${i}`);

    await kill();
    const startMs = performance.now();
    await expect(log.produce([record('away')])).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    expect(performance.now() - startMs).toBeLessThan(3000);
    await expect(log.endOffsets('t')).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    await restart();

    for (let i = 0; i < 50; i++) await produce(`after ${i}`);
    const has = (records: readonly LogRecord[]): boolean => {
      const seen = new Set(records.map(textOf));
      return kept.every((text) => seen.has(text));
    };
    await eventually(() => has(member.records) && has(read));
    // It kept its membership: nothing was said of partitions that went and came.
    expect(member.moves).toHaveLength(4);
    const offsets = read.map(({ offset }) => offset);
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
    expect((await log.endOffsets('t')).reduce((a, b) => a + b)).toBeGreaterThanOrEqual(kept.length);
  });

  test('and hangs fails a produce in time', async () => {
    await log.produce([record('before')]);
    process.kill(kafka.pid, 'SIGSTOP');
    try {
      const startMs = performance.now();
      const calls = await Promise.allSettled([log.produce([record('1')]), log.produce([record('2')])]);
      expect(performance.now() - startMs).toBeLessThan(3000);
      expect(calls.map((call) => call.status)).toEqual(['rejected', 'rejected']);
    } finally {
      process.kill(kafka.pid, 'SIGCONT');
    }
    const goesOn = async (): Promise<boolean> =>
      log.produce([record('after')]).then(
        () => true,
        () => false,
      );
    for (let tries = 0; !(await goesOn()); tries++) expect(tries).toBeLessThan(5);
  });

  test('cannot be opened: a fault, in time', async () => {
    const brokers = ['127.0.0.1:1'];
    await expect(openKafkaLog({ brokers, clientId, produceTimeoutMs: 1500 })).rejects.toMatchObject({
      reason: 'LOG_UNAVAILABLE',
    });
  });

  test('for longer than a session lasts: a new one begins by itself', async () => {
    await log.produce([record('1', 'single')]);
    const newClient = clientMaker({ brokers: kafka.brokers, clientId, onError: () => undefined });
    const client = () => newClient({ requestTimeoutMs: 2000, retries: 1, maxRetryMs: 100 });
    const asking = openAsking(clusterOf(client()));
    const seen: string[] = [];
    const moves: string[] = [];
    const member = await openMember({
      consume: {
        topics: ['single'],
        group: 'g',
        handlers: {
          assigned: () => void moves.push('assigned'),
          revoked: () => void moves.push('revoked'),
          records: (batch) => void seen.push(...batch.map(textOf)),
        },
      },
      newClient: client,
      asking,
      times: { sessionTimeoutMs: 2000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 2000, maxWaitMs: 100, retries: 1 },
      names: namesWith(prefix),
      onError: (error) => errors.push(error),
      onDropped: () => undefined,
      onClosed: () => undefined,
    });
    await eventually(() => seen.length === 1);
    await kill();
    await eventually(() => moves.at(-1) === 'revoked');
    await restart();
    await eventually(() => seen.length === 2 && moves.at(-1) === 'assigned', 30_000);
    expect(seen).toEqual(['1', '1']);
    expect(errors.length).toBeGreaterThan(0);
    await member.close();
    await asking.close();
  });
});

describe('a member', () => {
  test('of which all partitions are paused stays in its group', async () => {
    const sessionTimeoutMs = 1000;
    const short = await open({ sessionTimeoutMs });
    const member = await join(short, 'g', ['t']);
    await eventually(() => member.owned().length === 4);
    for (let partition = 0; partition < 4; partition++) member.subscription.pause({ topic: 't', partition });
    await log.produce([record('held')]);
    const heir = await join(short, 'other', ['t']);
    await eventually(() => heir.records.length === 1);
    const pausedAtMs = Date.now();
    await eventually(() => Date.now() - pausedAtMs > 3 * sessionTimeoutMs);
    expect(member.records).toEqual([]);
    expect(member.moves).toHaveLength(4);
    // Its commits are still taken: the group knows it.
    await member.subscription.commit([{ topic: 't', partition: 0, offset: 0, metadata: 'alive' }]);
    for (let partition = 0; partition < 4; partition++) member.subscription.resume({ topic: 't', partition });
    await eventually(() => member.records.length === 1);
    expect(member.moves).toHaveLength(4);
    await short.close();
  });

  test('that was taken for dead handles nothing again that it has settled', async () => {
    const sessionTimeoutMs = 1000;
    const short = await open({ sessionTimeoutMs });
    const tasks: Task<string>[] = [];
    const worker = await startWorker({
      log: short,
      topics: ['t'],
      group: 'w',
      decode: (bytes) => Buffer.from(bytes).toString(),
      handle: (batch) => void tasks.push(...batch),
      onFailure: () => undefined,
    });
    await log.produce(Array.from({ length: 100 }, (_, i) => record(`${i}`)));
    await eventually(() => tasks.length === 100);
    process.kill(kafka.pid, 'SIGSTOP');
    await sleep(3 * sessionTimeoutMs);
    for (const task of tasks) task.settle();
    process.kill(kafka.pid, 'SIGCONT');
    const committed = async (): Promise<number> =>
      (await log.commits('w', ['t'])).reduce((sum, { offset }) => sum + offset, 0);
    for (const giveUpAt = Date.now() + 30_000; (await committed()) < 100;) expect(Date.now()).toBeLessThan(giveUpAt);
    expect(tasks.map((task) => task.value).filter((value, nth, all) => all.indexOf(value) !== nth)).toEqual([]);
    await worker.close();
    await short.close();
  });

  test('settles through a killed broker: all is done, and nothing twice', async () => {
    const done = new Map<string, number>();
    const worker = await startWorker({
      log,
      topics: ['t'],
      group: 'w',
      decode: (bytes) => Buffer.from(bytes).toString(),
      handle: (tasks) => {
        for (const task of tasks) {
          done.set(task.value, (done.get(task.value) ?? 0) + 1);
          task.settle();
        }
      },
      onFailure: () => undefined,
    });
    const sent: string[] = [];
    const send = async (round: string): Promise<void> => {
      const texts = Array.from({ length: 200 }, (_, i) => `${round} ${i}`);
      await log.produce(texts.map((text) => record(text)));
      sent.push(...texts);
    };
    await send('before');
    await eventually(() => done.size === 200);
    await kill();
    await restart();
    await send('after');
    await eventually(() => done.size === 400);
    expect([...done.keys()].sort()).toEqual(sent.sort());
    expect(Math.max(...done.values())).toBe(1);
    await worker.close();
  });
});

describe('sizes and topics', () => {
  test('a record over the limit is refused, and others of the same moment are not', async () => {
    const large = { topic: 't', key: 'k', value: Buffer.alloc(1_200_000) };
    const [refused, taken] = await Promise.allSettled([log.produce([large]), log.produce([record('small')])]);
    expect(refused).toMatchObject({ reason: { reason: 'RECORD_TOO_LARGE' } });
    expect(taken.status).toBe('fulfilled');
  });

  test('a record that the broker refuses fails its own call, and no other of the same request', async () => {
    const admin = clientMaker({ brokers: kafka.brokers, clientId, onError: (error) => errors.push(error) })({
      requestTimeoutMs: 5000,
      retries: 3,
      maxRetryMs: 500,
    }).admin();
    await admin.connect();
    const configEntries = [{ name: 'max.message.bytes', value: '20000' }];
    await admin.createTopics({ topics: [{ topic: `${prefix}narrow`, numPartitions: 2, configEntries }] });
    await admin.disconnect();
    const sized = (key: string, bytes: number) => ({ topic: 'narrow', key, value: randomBytes(bytes) });
    await log.produce([sized('first', 100)]);
    const answers = await Promise.allSettled([
      log.produce([sized('a', 9000)]),
      log.produce([sized('b', 9000)]),
      log.produce([sized('c', 30_000)]),
      log.produce([sized('d', 9000), sized('e', 100)]),
      log.produce([record('elsewhere')]),
    ]);
    const said = answers.map((answer) => (answer.status === 'fulfilled' ? 'taken' : answer.reason.reason));
    expect(said).toEqual(['taken', 'taken', 'RECORD_TOO_LARGE', 'taken', 'taken']);
    await log.produce([record('goes on')]);
  });

  test('records of one partition that are too much for one batch are taken', async () => {
    const value = Buffer.alloc(300_000);
    const positions = await log.produce(Array.from({ length: 12 }, () => ({ topic: 't', key: 'k', value })));
    expect(positions.map(({ offset }) => offset)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    await log.produce([{ topic: 't', key: 'k', value: Buffer.alloc(1024 * 1024) }]);
  });

  test('a topic that would not keep its records is named, with what is wrong', async () => {
    const check = log.topics([spec('t', 4, { retentionMs: 30 * 24 * 3_600_000 })]);
    await expect(check).rejects.toThrow(/t".*retention\.ms is 604800000 and at least 2592000000 is needed/);
    await expect(log.topics([spec('t', 4, { cleanup: 'compact' })])).rejects.toThrow(/cleanup\.policy is delete/);
  });

  test('a topic that is not there is named', async () => {
    await expect(log.produce([record('x', 'absent')])).rejects.toThrow(/absent/);
    await expect(log.endOffsets('absent')).rejects.toThrow(/absent/);
    await log.produce([record('still works')]);
  });
});

describe('a topic that is made anew', () => {
  const makeAnew = async (topic: string): Promise<void> => {
    const admin = clientMaker({ brokers: kafka.brokers, clientId, onError: () => undefined })({
      requestTimeoutMs: 5000,
      retries: 5,
      maxRetryMs: 500,
    }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [`${prefix}${topic}`] });
    await admin.disconnect();
    const made = async (): Promise<boolean> => {
      try {
        await log.topics([spec(topic, 1)]);
        await log.produce([record('new 0', topic)]);
        return true;
      } catch {
        return false;
      }
    };
    while (!(await made())) await new Promise((resolve) => setTimeout(resolve, 50));
  };

  test('is told of, and its records are taken, by who consumes and by who reads', async () => {
    const member = await join(log, 'g', ['single']);
    const read: LogRecord[] = [];
    const begun: number[] = [];
    await log.read({
      topic: 'single',
      partition: 0,
      fromOffset: 0,
      records: (batch) => void read.push(...batch),
      begunAnew: (offset) => void begun.push(offset),
    });
    await log.produce(Array.from({ length: 20 }, (_, i) => record(`old ${i}`, 'single')));
    await eventually(() => member.records.length === 20 && read.length === 20);
    await makeAnew('single');
    await log.produce([record('new 1', 'single')]);
    const newOf = (records: readonly LogRecord[]): Set<string> =>
      new Set(records.map(textOf).filter((text) => text.startsWith('new')));
    await eventually(() => newOf(member.records).size === 2 && newOf(read).size === 2, 30_000);
    expect(begun).toEqual([0]);
    expect(errors.map(String).join('\n')).toMatch(
      /"single" ends at \d+, and 20 was to be read next: the topic was made anew/,
    );
  });
});
