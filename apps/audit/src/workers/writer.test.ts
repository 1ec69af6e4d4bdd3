import { describe, expect, test } from '@jest/globals';
import { openLogger } from '@bellwire/lifecycle';
import type { LogRecord, Task } from '@bellwire/messaging';
import { aStory, theEvent, theFanOut } from '../testing/builders.ts';
import { makeDecode, makeWriteBatch, type Decoded } from '../write-batch.ts';
import { UnstorableRows } from '../store/write-rows.ts';
import type { Rows } from '../rows.ts';
import { makeWatchLag } from './watch-lag.ts';
import { openWriter } from './writer.ts';

const log = openLogger({ level: 'silent' });
const clock = { now: () => Date.now() };
const decode = makeDecode({ clock, retentionMs: 1e9 });
const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

const recordOf = (offset: number, { topic, key = '', value } = theEvent(aStory())): LogRecord => ({
  topic,
  partition: 0,
  offset,
  key,
  value,
  headers: {},
  timestampMs: 1000 + offset,
});

const failing = (error: unknown): never => {
  throw error;
};

const taskOf = (record: LogRecord, settled: number[], isCurrent = () => true): Task<Uint8Array> => ({
  value: record.value ?? new Uint8Array(),
  record,
  settle: () => void settled.push(record.offset),
  mayBeTwice: false,
  fail: failing,
  release: () => undefined,
  isCurrent,
});

/** A store that is told when to answer. */
const aStore = () => {
  const batches: (readonly Decoded[])[] = [];
  const answers: { resolve(): void; reject(error: unknown): void }[] = [];
  return {
    batches,
    offsets: () => batches.map((batch) => batch.map(({ record }) => record.offset)),
    answer: async (error?: unknown) => {
      const next = answers.shift();
      if (error === undefined) next?.resolve();
      else next?.reject(error);
      await tick();
    },
    writeBatch: (batch: readonly Decoded[]) =>
      new Promise<void>((resolve, reject) => {
        batches.push(batch);
        answers.push({ resolve, reject });
      }),
  };
};

const setUp = (limits = { rows: 2000, bytes: 1e6 }, gatherMs = 0) => {
  const store = aStore();
  const settled: number[] = [];
  const failures: unknown[] = [];
  const { writeBatch } = store;
  const writer = openWriter({ decode, writeBatch, log, limits, gatherMs, onFailure: (error) => failures.push(error) });
  return { store, settled, failures, writer };
};

describe('the writer', () => {
  test('gathers while a batch is written, and settles what is written', async () => {
    const { store, settled, writer } = setUp();
    writer.add([taskOf(recordOf(0), settled), taskOf(recordOf(1), settled)]);
    await tick();
    writer.add([taskOf(recordOf(2), settled)]);
    writer.add([taskOf(recordOf(3), settled)]);
    await tick();
    expect(store.offsets()).toEqual([[0, 1]]);
    expect(settled).toEqual([]);
    await store.answer();
    expect(settled).toEqual([0, 1]);
    expect(store.offsets()).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(writer.waiting()).toEqual({ records: 2, oldestMs: 1002 });
    await store.answer();
    expect(settled).toEqual([0, 1, 2, 3]);
    expect(writer.waiting()).toEqual({ records: 0, oldestMs: undefined });
  });

  test('ends a batch at its limit of rows; a fan-out is a row for each delivery', async () => {
    const { store, settled, writer } = setUp({ rows: 4, bytes: 1e6 });
    const fanOut = theFanOut(aStory({ endpointIds: ['a', 'b', 'c', 'd', 'e'] }));
    const records = [recordOf(0), recordOf(1, fanOut), recordOf(2), recordOf(3), recordOf(4)];
    writer.add(records.map((record) => taskOf(record, settled)));
    await tick();
    await store.answer();
    expect(store.offsets()).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
    await store.answer();
  });

  test('tries a batch again until it is written, in order', async () => {
    const { store, settled, writer } = setUp();
    writer.add([taskOf(recordOf(0), settled)]);
    await tick();
    await store.answer(new Error('away'));
    expect(settled).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await store.answer();
    expect(store.offsets()).toEqual([[0], [0]]);
    expect(settled).toEqual([0]);
  });

  test('leaves what is not written unsettled when it is closed', async () => {
    const { store, settled, writer, failures } = setUp();
    writer.add([taskOf(recordOf(0), settled)]);
    await tick();
    const closed = writer.close();
    await store.answer(new Error('away'));
    await closed;
    expect({ settled, failures }).toEqual({ settled: [], failures: [] });
  });

  test('gathers for as long as it is told, from the first record on', async () => {
    const { store, writer } = setUp(undefined, 100);
    const startedAt = performance.now();
    for (let offset = 0; store.batches.length === 0; offset++) {
      writer.add([taskOf(recordOf(offset), [])]);
      await tick();
    }
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeGreaterThan(95);
    expect(store.batches[0]?.length).toBeGreaterThan(2);
    await store.answer();
    await writer.close();
  });

  test('does not wait where a batch is full, by records or by bytes, nor to close', async () => {
    const { store, settled, writer } = setUp({ rows: 2, bytes: 1e6 }, 1e6);
    writer.add([taskOf(recordOf(0), settled)]);
    await tick();
    expect(store.batches).toEqual([]);
    writer.add([taskOf(recordOf(1), settled), taskOf(recordOf(2), settled)]);
    await tick();
    expect(store.offsets()).toEqual([[0, 1]]);
    await store.answer();
    expect(settled).toEqual([0, 1]);
    await writer.close();
    expect(store.batches).toHaveLength(1);

    const other = setUp({ rows: 1000, bytes: 10 }, 1e6);
    other.writer.add([taskOf(recordOf(0), [])]);
    await tick();
    expect(other.store.batches).toHaveLength(1);
    await other.store.answer();
    await other.writer.close();
  });

  test('passes over what has moved to another process', async () => {
    const { store, settled, writer } = setUp();
    writer.add([taskOf(recordOf(0), settled, () => false), taskOf(recordOf(1), settled)]);
    await tick();
    expect(store.offsets()).toEqual([[1]]);
    await store.answer();
  });
});

describe('a batch with a row that can never be stored', () => {
  test('is halved until the row is found; it is kept as unreadable, the others as they are', async () => {
    const written: Rows[] = [];
    const bad = aStory({ subject: 'bad' });
    const writeBatch = makeWriteBatch({
      writeRows: async (rows) => {
        if (rows.events.some(({ subject }) => subject === 'bad')) throw new UnstorableRows('too long');
        written.push(rows);
      },
      clock,
      log,
    });
    const records = [aStory(), aStory(), bad, aStory()].map((story, nth) => recordOf(nth, theEvent(story)));
    await writeBatch(records.flatMap(decode));
    expect(written.flatMap(({ events }) => events)).toHaveLength(3);
    expect(written.flatMap(({ unreadable }) => unreadable)).toEqual([
      expect.objectContaining({ topic: 'events', offset: 2, error: 'too long' }),
    ]);
    // In order, so that progress never passes over a record.
    expect(written.flatMap(({ progress }) => progress.map(({ nextOffset }) => nextOffset))).toEqual([2, 3, 4]);
  });
});

describe('a lag', () => {
  test('is worth a line once it is over 30 seconds', () => {
    const lines: unknown[] = [];
    const spying = Object.assign(openLogger({ level: 'silent' }), {
      warn: (...line: unknown[]) => void lines.push(line),
    });
    const watch = (oldestMs: number | undefined) =>
      makeWatchLag({
        writer: { waiting: () => ({ records: 7, oldestMs }) },
        clock: { now: () => 100_000 },
        log: spying,
      })();
    watch(undefined);
    watch(70_000);
    expect(lines).toEqual([]);
    watch(69_999);
    expect(lines).toEqual([[{ lag_ms: 30_001, records: 7 }, 'audit.behind']]);
  });
});
