import { describe, expect, test } from '@jest/globals';
import { DeadLetterRecord } from '@bellwire/contracts';
import { fitsRecord, maxRecordBytes, sizeOfRecord } from '../record-limits.ts';
import { putAsideLetter } from './put-aside-letter.ts';

const recordOf = (value: Uint8Array) => ({
  topic: 'deliveries',
  partition: 3,
  offset: 1234,
  key: 'k'.repeat(300),
  value,
  headers: { traceparent: '00-aa-bb-01' },
  timestampMs: 1,
});

const letterIn = ({ value }: { value: Uint8Array | null }) => {
  const { letter } = DeadLetterRecord.decode(value ?? new Uint8Array());
  if (letter?.$case !== 'unreadable') throw new Error('no letter of an unreadable record');
  return letter.value;
};

const letterOf = (value: Uint8Array, error: Error) =>
  putAsideLetter({ record: recordOf(value), kind: 'failed', error, failures: 3, group: 'deliverer' }, 5);

describe('the letter of a record that was put aside', () => {
  test('keeps its bytes', () => {
    const letter = letterIn(letterOf(Buffer.from('abc'), new Error('no sense')));
    expect(letter).toMatchObject({ topic: 'deliveries', partition: 3, offset: 1234, error: 'no sense', foundAtMs: 5 });
    expect(letter).toMatchObject({ kind: 'failed', failures: 3, consumerGroup: 'deliverer' });
    expect(Buffer.from(letter.value).toString()).toBe('abc');
  });

  test('of a record as large as one may be is no larger than that', () => {
    const empty = sizeOfRecord(recordOf(new Uint8Array()));
    const largest = recordOf(Buffer.alloc(maxRecordBytes - empty, 1));
    expect(fitsRecord(largest)).toBe(true);
    const made = letterOf(largest.value, new Error('é'.repeat(5000)));
    expect(fitsRecord(made)).toBe(true);
    expect(letterIn(made).error).toMatch(/the first \d+ of \d+ bytes/);
    expect(letterIn(made).value.length).toBeGreaterThan(maxRecordBytes - 10_000);
  });
});
