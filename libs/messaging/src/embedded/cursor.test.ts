import { describe, expect, test } from '@jest/globals';
import { eventually } from '../conformance/describe-log.ts';
import type { LogRecord } from '../log.ts';
import { openCursor } from './cursor.ts';
import { openPartition } from './partition.ts';

const recordAt = (offset: number): LogRecord => ({
  topic: 't',
  partition: 0,
  offset,
  key: 'k',
  value: null,
  headers: {},
  timestampMs: 0,
});

describe('cursor', () => {
  test('asks once for records that retention has dropped, then waits for new ones', async () => {
    const partition = openPartition('t', 0, 10, 1_000_000);
    const asked: number[] = [];
    const got: LogRecord[] = [];
    const cursor = openCursor({
      partition,
      fromOffset: 0,
      read: async (_partition, fromOffset) => {
        asked.push(fromOffset);
        return [recordAt(4)];
      },
      deliver: (batch) => void got.push(...batch),
      onError: () => undefined,
    });
    cursor.start();
    await eventually(() => got.length === 1);
    partition.append([recordAt(10)]);
    await eventually(() => got.length === 2);
    expect(asked).toEqual([0]);
    expect(got.map((record) => record.offset)).toEqual([4, 10]);
    await cursor.close();
  });

  test('hands over no more bytes at a time than it is asked to, and one record at least', async () => {
    const sized = (offset: number): LogRecord => ({ ...recordAt(offset), value: Buffer.alloc(100) });
    const partition = openPartition('t', 0, 5, 1_000_000);
    const got: number[][] = [];
    const asked: [number, number][] = [];
    const cursor = openCursor({
      partition,
      fromOffset: 0,
      fetchBytes: 250,
      read: async (_partition, fromOffset, { bytes }) => {
        asked.push([fromOffset, bytes]);
        return [0, 1, 2].map((nth) => sized(fromOffset + nth));
      },
      deliver: (batch) => void got.push(batch.map(({ offset }) => offset)),
      onError: () => undefined,
    });
    cursor.start();
    partition.append([5, 6, 7, 8, 9].map(sized));
    await eventually(() => got.flat().length === 10);
    expect(asked).toEqual([
      [0, 250],
      [3, 250],
    ]);
    expect(got).toEqual([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]);
    await cursor.close();
  });

  test('reads again after a failure, and hands nothing over once it is closed', async () => {
    const partition = openPartition('t', 0, 1, 1_000_000);
    const got: LogRecord[] = [];
    const errors: unknown[] = [];
    let answer: (() => void) | undefined;
    const cursor = openCursor({
      partition,
      fromOffset: 0,
      async read() {
        if (errors.length === 0) throw new Error('lost');
        await new Promise<void>((resolve) => (answer = resolve));
        return [recordAt(0)];
      },
      deliver: (batch) => void got.push(...batch),
      onError: (error) => void errors.push(error),
    });
    cursor.start();
    await eventually(() => answer !== undefined);
    const closed = cursor.close();
    answer?.();
    await closed;
    expect(errors).toHaveLength(1);
    expect(got).toEqual([]);
  });
});
