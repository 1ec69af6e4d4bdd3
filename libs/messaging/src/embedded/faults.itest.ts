import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually, join, spec } from '../conformance/describe-log.ts';
import type { LogRecord } from '../log.ts';
import { startWorker } from '../settlement.ts';
import { openEmbeddedLog, type EmbeddedLog } from './embedded-log.ts';
import { makeDatabase, type TestDatabase } from './test-database.ts';

const record = (text: string, key = 'k') => ({ topic: 't', key, value: Buffer.from(text) });

describe('embedded log', () => {
  let database: TestDatabase;
  let log: EmbeddedLog;
  let errors: unknown[];

  beforeEach(async () => {
    database = await makeDatabase();
    errors = [];
    log = await openEmbeddedLog({ connectionString: database.url, onError: (error) => void errors.push(error) });
    await log.topics([spec('t', 2)]);
  });

  afterEach(async () => {
    await log.close();
    await database.drop();
  });

  test('refuses a second process', async () => {
    await expect(openEmbeddedLog({ connectionString: database.url, lockWaitMs: 100 })).rejects.toThrow(
      /Another process has this log open/,
    );
    await log.produce([record('still works')]);
  });

  test('lets the next process in when the first has closed', async () => {
    const next = openEmbeddedLog({ connectionString: database.url, lockWaitMs: 10_000 });
    await log.close();
    log = await next;
    await log.produce([record('works')]);
  });

  test('refuses a second member of a group', async () => {
    const member = await join(log, 'g', ['t']);
    await expect(join(log, 'g', ['t'])).rejects.toThrow(/Group "g" has a member for topic "t" already/);
    await member.subscription.close();
    await join(log, 'g', ['t']);
  });

  test('names a topic that does not exist', async () => {
    await expect(log.produce([{ topic: 'nope', key: 'k', value: null }])).rejects.toThrow(/no topic "nope"/);
  });

  test('refuses a key that Postgres cannot hold without harming its neighbours', async () => {
    const [bad, good] = await Promise.allSettled([log.produce([record('x', 'a\0b')]), log.produce([record('y')])]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { reason: 'RECORD_REFUSED' } });
    expect(good.status).toBe('fulfilled');
  });

  test('loses its connections: produce fails, then works, and readers go on with nothing missing', async () => {
    const member = await join(log, 'g', ['t']);
    const reader: LogRecord[] = [];
    for (const partition of [0, 1])
      await log.read({ topic: 't', partition, fromOffset: 0, records: (batch) => void reader.push(...batch) });
    const kept = new Set<string>();
    let failed = 0;
    for (let round = 0; round < 5; round++) {
      const calls = Array.from({ length: 20 }, async (_, i) => {
        const text = `${round}/${i}`;
        try {
          await log.produce([record(text, text)]);
          kept.add(text);
        } catch (error) {
          failed++;
          expect(error).toMatchObject({ reason: 'LOG_UNAVAILABLE' });
        }
      });
      await Promise.all([database.disconnectAll(), ...calls]);
      for (let back = false; !back;) {
        const text = `${round}/after`;
        back = await log.produce([record(text)]).then(
          () => true,
          () => false,
        );
        if (back) kept.add(text);
        else await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    const texts = (records: readonly LogRecord[]) => records.map((r) => Buffer.from(r.value ?? []).toString());
    const complete = (records: readonly LogRecord[]) => {
      const seen = new Set(texts(records));
      return [...kept].every((text) => seen.has(text));
    };
    await eventually(() => complete(member.records) && complete(reader));
    expect(new Set(texts(member.records)).size).toBe(member.records.length);
    expect(failed + kept.size).toBeGreaterThanOrEqual(100);
    expect(errors.length).toBeGreaterThan(0);
    const rows = await database.query(
      'SELECT part, count(*)::int AS n, max(off)::int AS last FROM log_record GROUP BY part',
    );
    for (const row of rows) expect(row['n']).toBe(Number(row['last']) + 1);
  });

  test('reads what no longer fits into memory from the database, each record once and in order', async () => {
    await log.close();
    log = await openEmbeddedLog({ connectionString: database.url, tailBytes: 5000 });
    const member = await join(log, 'g', ['t']);
    for (let round = 0; round < 20; round++)
      await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          log.produce(Array.from({ length: 20 }, (_record, n) => record(`${round}/${i}/${n}`.padEnd(100), `k${n}`))),
        ),
      );
    await eventually(() => member.records.length >= 4000);
    for (const partition of [0, 1]) {
      const offsets = member.records.filter((r) => r.partition === partition).map((r) => r.offset);
      expect(offsets).toEqual(offsets.map((_, i) => i));
    }
    expect(member.records.length).toBe(4000);
  });

  test('goes on from the end, loudly, where more is committed than there is', async () => {
    const member = await join(log, 'g', ['t']);
    await member.subscription.commit([0, 1].map((partition) => ({ topic: 't', partition, offset: 100, metadata: '' })));
    await member.subscription.close();
    const again = await join(log, 'g', ['t']);
    await log.produce([record('new')]);
    await eventually(() => again.records.length === 1);
    expect(String(errors[0])).toMatch(/100 is committed: records were lost/);
  });

  test('carries a worker through a restart of the server', async () => {
    const seen: string[] = [];
    const worker = await startWorker({
      log,
      topics: ['t'],
      group: 'w',
      decode: (bytes) => Buffer.from(bytes).toString(),
      handle(tasks) {
        for (const task of tasks) {
          seen.push(task.value);
          task.settle();
        }
      },
      onFailure: (error) => void errors.push(error),
    });
    await log.produce(Array.from({ length: 100 }, (_, i) => record(`${i}`, `k${i}`)));
    await database.disconnectAll();
    await eventually(() => seen.length === 100);
    await worker.drain(10_000);
    await worker.close();
    const [row] = await database.query("SELECT sum(off)::int AS sum FROM log_commit WHERE consumer_group = 'w'");
    expect(row?.['sum']).toBe(100);
  });
});
