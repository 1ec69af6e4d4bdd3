import { describe, expect, test } from '@jest/globals';
import { murmur2, partitionOf } from './partitioner.ts';

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

  test('uses every partition', () => {
    const used = new Set(Array.from({ length: 200 }, (_, i) => partitionOf(`ep_${i}`, 8)));
    expect(used.size).toBe(8);
  });
});
