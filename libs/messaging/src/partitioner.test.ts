import { describe, expect, test } from '@jest/globals';
import { murmur2, newPlacing, partitionOf } from './partitioner.ts';

describe('partitioner', () => {
  // Source: UtilsTest.testMurmur2 of Apache Kafka.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as Kafka does', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  test('gives the records of a call that have no key one partition, and the next call the next', () => {
    const nextPlacing = newPlacing();
    const used = Array.from({ length: 4 }, () => {
      const placeRecord = nextPlacing();
      return [placeRecord(undefined, 3), placeRecord('foobar', 3), placeRecord(undefined, 3)];
    });
    const keyed = partitionOf('foobar', 3);
    expect(used).toEqual([0, 1, 2, 0].map((unkeyed) => [unkeyed, keyed, unkeyed]));
  });

  test('uses every partition', () => {
    const used = new Set(Array.from({ length: 200 }, (_, i) => partitionOf(`ep_${i}`, 8)));
    expect(used.size).toBe(8);
  });
});
