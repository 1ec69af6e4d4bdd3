import { describe, expect, test } from '@jest/globals';
import type { LogRecord } from '../log.ts';
import { openPartition } from './partition.ts';

const records = (first: number, count: number, bytes = 10): LogRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    topic: 't',
    partition: 0,
    offset: first + i,
    key: 'k',
    value: Buffer.alloc(bytes),
    headers: {},
    timestampMs: 0,
  }));

const followed = (tailBytes: number, start = 0) => {
  const partition = openPartition('t', 0, start, tailBytes);
  let position = start;
  let woken = 0;
  let taking = true;
  partition.follow({ position: () => position, isTaking: () => taking, wake: () => void woken++ });
  const passTo = (offset: number): void => {
    position = offset;
    partition.trim();
  };
  const pause = (): void => {
    taking = false;
    partition.trim();
  };
  return { partition, passTo, pause, woken: () => woken };
};

const offsetsFrom = (taken: readonly LogRecord[] | undefined) => taken?.map((record) => record.offset);

describe('partition in memory', () => {
  test('keeps nothing while nobody follows', () => {
    const partition = openPartition('t', 0, 0, 1_000_000);
    partition.append(records(0, 3));
    expect(partition.end()).toBe(3);
    expect(partition.take(0, 10)).toBeUndefined();
  });

  test('keeps what the slowest follower has not passed', () => {
    const { partition, passTo } = followed(1_000_000);
    partition.append(records(0, 5));
    expect(offsetsFrom(partition.take(1, 2))).toEqual([1, 2]);
    passTo(3);
    expect(partition.take(2, 2)).toBeUndefined();
    expect(offsetsFrom(partition.take(3, 10))).toEqual([3, 4]);
  });

  test('keeps nothing for a follower that is paused', () => {
    const { partition, pause } = followed(1_000_000);
    partition.append(records(0, 5));
    pause();
    partition.append(records(5, 5));
    expect(partition.end()).toBe(10);
    expect([0, 4, 5, 9].map((offset) => partition.take(offset, 1))).toEqual(Array(4).fill(undefined));
  });

  test('forgets the oldest beyond its bytes', () => {
    const { partition } = followed(350);
    partition.append(records(0, 5));
    expect(offsetsFrom(partition.take(2, 10))).toEqual([2, 3, 4]);
    expect(partition.take(1, 10)).toBeUndefined();
  });

  test('never passes a gap off as contiguous: a write of which it did not hear', () => {
    const { partition } = followed(1_000_000);
    partition.append(records(0, 2));
    partition.append(records(4, 2));
    expect(partition.take(0, 10)).toBeUndefined();
    expect(partition.take(2, 10)).toBeUndefined();
    expect(offsetsFrom(partition.take(4, 10))).toEqual([4, 5]);
  });

  test('takes the end from the database after a lost connection, and wakes its followers', () => {
    const { partition, woken } = followed(1_000_000);
    partition.append(records(0, 2));
    partition.restart(5);
    expect(partition.end()).toBe(5);
    expect(partition.take(0, 10)).toBeUndefined();
    expect(woken()).toBe(2);
  });
});
