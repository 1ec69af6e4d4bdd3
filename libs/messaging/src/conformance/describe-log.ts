import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Log, LogRecord, NewRecord } from '../log.ts';
import { describeGroups } from './describe-groups.ts';
import { batchingProducer } from '../batching-producer.ts';
import { maxRecordBytes, sizeOfRecord } from '../record-limits.ts';
import { dayMs, eventually, join, record, spec, texts, type LogHarness } from './recorder.ts';

export { eventually, join, spec, type LogHarness, type Recorder } from './recorder.ts';

/**
 * What every adapter promises. `groups`: several members may share a group (Kafka, the simulator).
 * A harness is made for every test, so topic names need not be unique.
 */
export const describeLog = (
  name: string,
  makeHarness: () => Promise<LogHarness>,
  { groups }: { groups: boolean },
): void => {
  describe(`${name}: a log`, () => {
    let harness: LogHarness;
    let log: Log;

    beforeEach(async () => {
      harness = await makeHarness();
      log = await harness.open();
      await log.topics([spec('t')]);
    });

    afterEach(async () => {
      await log.close();
      await harness.dispose();
    });

    test('gives back bytes and headers as they came', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const headers = { traceparent: '00-aa-bb-01', 'x-quote': `"'\\{},` };
      const sent: NewRecord[] = [
        { topic: 't', key: 'clé "quoted"\\,{}', value: bytes, headers },
        { topic: 't', key: '', value: new Uint8Array(0) },
        { topic: 't', key: 'NULL', value: null },
      ];
      const beforeMs = Date.now();
      const positions = await log.produce(sent);
      const member = await join(log, 'g', ['t']);
      await eventually(() => member.records.length === 3);
      for (const [index, { key, value, headers: sentHeaders = {} }] of sent.entries()) {
        const got = member.records.find((r) => r.key === key);
        expect(got).toMatchObject({ ...positions[index], headers: sentHeaders });
        expect(got?.value === null ? null : Buffer.from(got?.value ?? 'missing')).toEqual(
          value === null ? null : Buffer.from(value),
        );
        expect(Math.abs((got?.timestampMs ?? 0) - beforeMs)).toBeLessThan(60_000);
      }
    });

    test('gives back the same bytes from the beginning and from the end', async () => {
      const member = await join(log, 'g', ['t']);
      await eventually(() => member.moves.length === 4);
      await log.produce([{ topic: 't', key: 'k', value: Buffer.from([0, 255, 92]), headers: { a: 'b' } }]);
      await eventually(() => member.records.length === 1);
      const late = await join(log, 'late', ['t']);
      await eventually(() => late.records.length === 1);
      const comparable = (r: LogRecord | undefined) => ({ ...r, value: [...(r?.value ?? [])] });
      expect(comparable(late.records[0])).toEqual(comparable(member.records[0]));
    });

    test('keeps the records of a key in one partition and in order', async () => {
      const member = await join(log, 'g', ['t']);
      await Promise.all(
        Array.from({ length: 30 }, (_, round) =>
          log.produce(Array.from({ length: 10 }, (_key, k) => record('t', `k${k}`, `${round}`))),
        ),
      );
      await eventually(() => member.records.length === 300);
      for (let k = 0; k < 10; k++) {
        const own = member.records.filter((r) => r.key === `k${k}`);
        expect(new Set(own.map((r) => r.partition)).size).toBe(1);
        expect(texts(own)).toEqual(Array.from({ length: 30 }, (_, round) => `${round}`));
      }
      for (let partition = 0; partition < 4; partition++) {
        const offsets = member.records.filter((r) => r.partition === partition).map((r) => r.offset);
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
      }
    });

    test('puts the records of a call that have no key into one partition, those of several calls into several', async () => {
      const unkeyed = (n: number) => ({ topic: 't', value: Buffer.from(`${n}`) });
      const calls = Array.from({ length: 4 }, (_, n) => [unkeyed(n), unkeyed(n), unkeyed(n)]);
      const partitions: number[] = [];
      for (const call of calls) {
        const positions = await log.produce(call);
        expect(new Set(positions.map(({ partition }) => partition)).size).toBe(1);
        partitions.push(positions[0]?.partition ?? -1);
      }
      expect(new Set(partitions).size).toBe(4);
      const member = await join(log, 'g', ['t']);
      await eventually(() => member.records.length === 12);
      expect(member.records.map(({ key }) => key)).toEqual(Array.from({ length: 12 }, () => ''));
    });

    test('gives each of two groups everything', async () => {
      const one = await join(log, 'one', ['t']);
      await log.produce([record('t', 'a', '1'), record('t', 'b', '2')]);
      const two = await join(log, 'two', ['t']);
      await log.produce([record('t', 'c', '3')]);
      await eventually(() => one.records.length === 3 && two.records.length === 3);
      expect(texts(two.records).sort()).toEqual(['1', '2', '3']);
    });

    test('goes on from the commit, metadata with it, after a restart', async () => {
      await log.topics([spec('single', 1)]);
      await log.produce(['0', '1', '2', '3'].map((text) => record('single', 'k', text)));
      const before = await join(log, 'g', ['single']);
      await eventually(() => before.records.length === 4);
      const metadata = `1${'Az+/'.repeat(900)}`;
      await before.subscription.commit([{ topic: 'single', partition: 0, offset: 1, metadata: '' }]);
      await before.subscription.commit([{ topic: 'single', partition: 0, offset: 2, metadata }]);
      await before.subscription.close();
      await log.close();

      log = await harness.open();
      const after = await join(log, 'g', ['single']);
      await eventually(() => after.records.length === 2);
      expect(after.moves[0]?.commit).toMatchObject({ topic: 'single', partition: 0, offset: 2, metadata });
      expect(texts(after.records)).toEqual(['2', '3']);
    });

    test('fetches nothing of a paused partition until it is resumed', async () => {
      await log.topics([spec('single', 1)]);
      const partition = { topic: 'single', partition: 0 };
      const member = await join(log, 'g', ['single', 't']);
      await eventually(() => member.moves.length === 5);
      member.subscription.pause(partition);
      // The sentinel in another partition shows that there was time enough.
      await log.produce([record('single', 'k', 'held')]);
      await log.produce([record('t', 'k', 'sentinel')]);
      await eventually(() => member.records.length > 0);
      expect(texts(member.records)).toEqual(['sentinel']);
      member.subscription.resume(partition);
      await eventually(() => member.records.length === 2);
      expect(texts(member.records)).toEqual(['sentinel', 'held']);
    });

    test('knows where each partition ends', async () => {
      expect(await log.endOffsets('t')).toEqual([0, 0, 0, 0]);
      const positions = await log.produce(Array.from({ length: 50 }, (_, i) => record('t', `k${i}`, 'x')));
      const ends = [0, 0, 0, 0];
      for (const { partition, offset } of positions) ends[partition] = Math.max(ends[partition] ?? 0, offset + 1);
      expect(await log.endOffsets('t')).toEqual(ends);
      expect(ends.reduce((a, b) => a + b)).toBe(50);
    });

    test('reads a partition from an offset on, and follows it', async () => {
      await log.topics([spec('single', 1)]);
      await log.produce(['0', '1', '2'].map((text) => record('single', text, text)));
      const got: LogRecord[] = [];
      const reader = await log.read({
        topic: 'single',
        partition: 0,
        fromOffset: 1,
        records: (batch) => void got.push(...batch),
      });
      await log.produce([record('single', 'x', '3')]);
      await eventually(() => got.length === 3);
      expect(texts(got)).toEqual(['1', '2', '3']);
      await reader.close();
    });

    test('tells a reader how far it is where the last records are gone', async () => {
      if (harness.upkeep === undefined) return;
      await log.topics([spec('gone', 1, { retentionMs: -dayMs })]);
      await log.produce([record('gone', 'a', '1'), record('gone', 'a', '2')]);
      await harness.upkeep(log);
      let reached = 0;
      const got: LogRecord[] = [];
      const reader = await log.read({
        topic: 'gone',
        partition: 0,
        fromOffset: 0,
        records: (batch) => void got.push(...batch),
        reached: (offset) => void (reached = offset),
      });
      await eventually(() => reached === 2);
      expect(got).toEqual([]);
      await log.produce([record('gone', 'a', '3')]);
      await eventually(() => got.length === 1);
      expect(texts(got)).toEqual(['3']);
      await reader.close();
    });

    test('tells anybody what a group has committed, and nothing of a group that has not', async () => {
      await log.topics([spec('other', 1)]);
      await log.produce([record('t', 'a', '1'), record('other', 'a', '1')]);
      expect(await log.commits('g', ['t', 'other'])).toEqual([]);
      const member = await join(log, 'g', ['t', 'other']);
      await eventually(() => member.records.length === 2);
      const { partition = 0 } = member.records.find(({ topic }) => topic === 't') ?? {};
      await member.subscription.commit([
        { topic: 't', partition, offset: 1, metadata: '1AAE=' },
        { topic: 'other', partition: 0, offset: 1, metadata: '' },
      ]);
      const ofTopic = { topic: 't', partition, offset: 1, metadata: '1AAE=' };
      expect(await log.commits('g', ['t'])).toEqual([ofTopic]);
      await member.subscription.close();
      const both = [...(await log.commits('g', ['t', 'other']))].sort((a, b) => (a.topic < b.topic ? -1 : 1));
      expect(both).toEqual([{ topic: 'other', partition: 0, offset: 1, metadata: '' }, ofTopic]);
      expect(await log.commits('nobody', ['t'])).toEqual([]);
    });

    test('takes a record of the largest size, and refuses a larger one for good, with its call alone', async () => {
      const sized = (key: string, bytes: number): NewRecord => {
        const empty = { topic: 't', key, value: new Uint8Array(), headers: { a: 'b' } };
        return { ...empty, value: Buffer.alloc(bytes - sizeOfRecord(empty), 7) };
      };
      const answers = await Promise.allSettled([
        log.produce([record('t', 'k', 'before')]),
        log.produce([record('t', 'k', 'its neighbour'), sized('k', maxRecordBytes + 1)]),
        log.produce([sized('k', maxRecordBytes)]),
        log.produce([record('t', 'k', 'after')]),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
      expect(answers[1]).toMatchObject({ reason: { reason: 'RECORD_TOO_LARGE' } });
      const member = await join(log, 'g', ['t']);
      await eventually(() => member.records.length === 3);
      expect(member.records.map(({ value }) => value?.length)).toEqual([6, maxRecordBytes - 53, 5]);
    });

    test('a refused record fails the caller of a batching producer that it came from, and no other', async () => {
      const producer = batchingProducer(log);
      const tooLarge = { topic: 't', key: 'k', value: Buffer.alloc(maxRecordBytes) };
      const answers = await Promise.allSettled([
        producer.produce([record('t', 'k', '0'), record('t', 'k', '1')]),
        producer.produce([tooLarge]),
        producer.produce([record('t', 'k', '2')]),
        producer.produce([record('t', 'k', 'x'), tooLarge]),
        producer.produce([record('t', 'k', '3')]),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      const member = await join(log, 'g', ['t']);
      await eventually(() => member.records.length >= 4);
      expect(texts(member.records).filter((text) => text !== 'x')).toEqual(['0', '1', '2', '3']);
    });

    test('produces nothing when asked to', async () => {
      expect(await log.produce([])).toEqual([]);
      expect(await log.endOffsets('t')).toEqual([0, 0, 0, 0]);
    });

    test('takes 5,000 records in one call', async () => {
      const member = await join(log, 'g', ['t']);
      const sent = Array.from({ length: 5000 }, (_, i) => record('t', `k${i % 100}`, `${i}`));
      const positions = await log.produce(sent);
      await eventually(() => member.records.length >= 5000);
      expect(new Set(positions.map((p) => `${p.partition}/${p.offset}`)).size).toBe(5000);
      expect(new Set(texts(member.records)).size).toBe(5000);
      const late = await join(log, 'late', ['t']);
      await eventually(() => late.records.length >= 5000);
      expect(texts(late.records).sort()).toEqual(sent.map((r) => Buffer.from(r.value ?? []).toString()).sort());
    });

    test('leaves topics that it has as they are, and says so when the number of partitions differs', async () => {
      await log.produce([record('t', 'k', 'kept')]);
      await log.topics([spec('t')]);
      expect((await log.endOffsets('t')).reduce((a, b) => a + b)).toBe(1);
      await expect(log.topics([spec('t', 5)])).rejects.toThrow(/t" has 4 partitions and 5 are asked for/);
    });

    test('keeps the last record of each key when it compacts, and the last of all', async () => {
      if (harness.upkeep === undefined) return;
      await log.topics([spec('c', 1, { cleanup: 'compact', retentionMs: dayMs })]);
      const deleted: NewRecord = { topic: 'c', key: 'b', value: null };
      await log.produce([
        record('c', 'a', 'a1'),
        record('c', 'b', 'b1'),
        record('c', 'a', 'a2'),
        deleted,
        record('c', 'd', 'd1'),
      ]);
      const read = async (): Promise<LogRecord[]> => {
        const got: LogRecord[] = [];
        const reader = await log.read({
          topic: 'c',
          partition: 0,
          fromOffset: 0,
          records: (batch) => void got.push(...batch),
        });
        const [end = 0] = await log.endOffsets('c');
        await eventually(() => got.at(-1)?.offset === end - 1);
        await reader.close();
        return got;
      };
      await harness.upkeep(log);
      expect((await read()).map((r) => [r.key, r.offset, r.value === null])).toEqual([
        ['a', 2, false],
        ['b', 3, true],
        ['d', 4, false],
      ]);

      // A tombstone goes when its retention is over, but the last record of a partition stays.
      await log.produce([{ topic: 'c', key: 'd', value: null }]);
      await log.topics([spec('c', 1, { cleanup: 'compact', retentionMs: -dayMs })]);
      await harness.upkeep(log);
      expect((await read()).map((r) => [r.key, r.offset])).toEqual([
        ['a', 2],
        ['d', 5],
      ]);
      expect(await log.endOffsets('c')).toEqual([6]);
    });

    test('drops records that are past their retention', async () => {
      if (harness.upkeep === undefined) return;
      await log.topics([spec('old', 1, { retentionMs: -dayMs })]);
      await log.produce([record('old', 'a', '1'), record('old', 'a', '2')]);
      await harness.upkeep(log);
      const member = await join(log, 'g', ['old']);
      await eventually(() => member.moves.length === 1);
      await log.produce([record('old', 'a', 'sentinel')]);
      await eventually(() => member.records.length > 0);
      expect(member.records.map((r) => r.offset)).toEqual([2]);
    });

    test('tells a group that comes back behind the first record what it has lost, and goes on from there', async () => {
      await log.topics([spec('single', 1)]);
      await log.produce(['0', '1', '2', '3'].map((text) => record('single', 'k', text)));
      const before = await join(log, 'g', ['single']);
      await eventually(() => before.records.length === 4);
      await before.subscription.commit([{ topic: 'single', partition: 0, offset: 1, metadata: '' }]);
      await before.subscription.close();
      await harness.dropBelow({ topic: 'single', partition: 0, offset: 3 });
      const after = await join(log, 'g', ['single']);
      await eventually(() => after.records.length === 1);
      expect(texts(after.records)).toEqual(['3']);
      expect(harness.dropped).toEqual([{ group: 'g', topic: 'single', partition: 0, from: 1, to: 2, count: 2 }]);
    });

    test('closes in the middle of work: every produce ends, and what was promised is there', async () => {
      const member = await join(log, 'g', ['t']);
      const calls = Array.from({ length: 50 }, (_, i) => log.produce([record('t', `k${i}`, `${i}`)]));
      const closing = log.close();
      const results = await Promise.allSettled(calls);
      await closing;
      const seen = member.records.length;
      await expect(log.produce([record('t', 'k', 'late')])).rejects.toThrow();

      log = await harness.open();
      expect(member.records.length).toBe(seen);
      const kept = (await log.endOffsets('t')).reduce((a, b) => a + b);
      expect(kept).toBeGreaterThanOrEqual(results.filter((result) => result.status === 'fulfilled').length);
    });

    if (groups) describeGroups(() => ({ harness, log }));
  });
};
