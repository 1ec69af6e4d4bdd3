import { describe, expect, test } from '@jest/globals';
import { advance, type FetchedMessage } from './advance.ts';

/** Messages of one batch that began at `first` and had `length` records before compaction. */
const batch = (first: number, length: number, offsets: readonly number[]): FetchedMessage[] =>
  offsets.map((offset) => ({
    key: Buffer.from('k'),
    value: null,
    timestamp: '0',
    attributes: 0,
    offset: String(offset),
    headers: {},
    batchContext: { firstOffset: String(first), lastOffsetDelta: length - 1 },
  }));

const offsetsOf = (messages: readonly FetchedMessage[]): number[] => messages.map(({ offset }) => Number(offset));

describe('a reader', () => {
  test('passes over what was asked for already', () => {
    const { fresh, next } = advance(12, { highWatermark: '20', messages: batch(10, 5, [10, 11, 12, 13, 14]) });
    expect([offsetsOf(fresh), next]).toEqual([[12, 13, 14], 15]);
  });

  test('goes to the end of a batch whose last records were compacted away', () => {
    const { fresh, next } = advance(10, { highWatermark: '20', messages: batch(10, 5, [10]) });
    expect([offsetsOf(fresh), next]).toEqual([[10], 15]);
    expect(advance(12, { highWatermark: '20', messages: batch(10, 5, [10]) })).toEqual({ fresh: [], next: 15 });
  });

  test('goes to the end of the partition where nothing is left before it', () => {
    expect(advance(12, { highWatermark: '20', messages: [] })).toEqual({ fresh: [], next: 20 });
    expect(advance(20, { highWatermark: '20', messages: [] })).toEqual({ fresh: [], next: 20 });
  });

  test('never goes back', () => {
    expect(advance(12, { highWatermark: '5', messages: [] })).toEqual({ fresh: [], next: 12 });
  });
});
