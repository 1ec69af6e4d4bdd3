import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeCompleted, encodeCompleted, type OffsetRange } from './completed-offsets.ts';

const base = fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 2 ** 40, max: 2 ** 50 }));

/** Ranges beyond a base, apart from each other, as a window gives them. */
const ranges = (from: number): fc.Arbitrary<OffsetRange[]> =>
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 3000 })), { maxLength: 50 })
    .map((steps) => {
      let end = from;
      return steps.map(([gap, length]) => {
        const first = end + gap;
        end = first + length;
        return { first, last: end - 1 };
      });
    });

const lengthOf = (all: readonly OffsetRange[]): number =>
  all.reduce((sum, { first, last }) => sum + last - first + 1, 0);

const based = base.chain((from) => fc.tuple(fc.constant(from), ranges(from)));

describe('completed offsets in commit metadata', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(based, ([from, all]) => {
        const { text, dropped } = encodeCompleted(from, all, 4000);
        expect(dropped).toBe(0);
        expect(decodeCompleted(from, text)).toEqual(all);
      }),
    );
  });

  test('never exceed the limit, and come back as the first of them', () => {
    fc.assert(
      fc.property(based, fc.integer({ min: 1, max: 60 }), ([from, all], limit) => {
        const { text, dropped } = encodeCompleted(from, all, limit);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
        const kept = decodeCompleted(from, text);
        const last = kept.at(-1);
        const cut = { ...all[kept.length - 1], ...(last && { last: last.last }) };
        expect(kept).toEqual([...all.slice(0, Math.max(0, kept.length - 1)), ...(last ? [cut] : [])]);
        expect(dropped).toBe(lengthOf(all) - lengthOf(kept));
      }),
    );
  });

  test('fit for a window of 2,000 records of which every second one is done', () => {
    const all = Array.from({ length: 1000 }, (_, i) => ({ first: 2 * i + 1, last: 2 * i + 1 }));
    expect(encodeCompleted(0, all, 4000).dropped).toBe(0);
  });

  test('fit whatever is done among 23,000 offsets', () => {
    // Every other one: the most ranges that there can be.
    const alternate = Array.from({ length: 11_500 }, (_, nth) => ({ first: 2 * nth + 1, last: 2 * nth + 1 }));
    const { text, dropped } = encodeCompleted(0, alternate, 4000);
    expect(dropped).toBe(0);
    expect(text.length).toBeLessThanOrEqual(4000);
    expect(decodeCompleted(0, text)).toEqual(alternate);
  });

  test('read as none where somebody else wrote the metadata', () => {
    fc.assert(fc.property(base, fc.string(), (from, text) => void decodeCompleted(from, text)));
    for (const text of ['', 'x', '1', '1!', '3AQE=', '1gA==', '1AQA=']) expect(decodeCompleted(0, text)).toEqual([]);
  });
});
