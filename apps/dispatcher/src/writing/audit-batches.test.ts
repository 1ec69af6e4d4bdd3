import { describe, expect, test } from '@jest/globals';
import { AuditBatch } from '@bellwire/contracts';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import { packAudit } from './audit-batches.ts';

const about = (bytes: number, traceparent?: string): NewRecord => ({
  topic: topicNames.audit,
  value: new Uint8Array(bytes).fill(bytes % 251),
  ...(traceparent === undefined ? {} : { headers: { traceparent } }),
});
const entriesOf = ({ value }: NewRecord) =>
  AuditBatch.decode(value ?? new Uint8Array()).entries.map(({ record, traceparent }) => ({
    bytes: record.length,
    fill: record[0],
    traceparent,
  }));

describe('records about history', () => {
  test('of one write become one record, in order, with their traces; others stay as they are', () => {
    const delivery: NewRecord = { topic: topicNames.deliveries, key: 'ep_1', value: new Uint8Array([1]) };
    const packed = packAudit([about(10, '00-a-b-01'), delivery, about(20)]);
    expect(packed.filter(({ topic }) => topic !== topicNames.audit)).toEqual([delivery]);
    const batches = packed.filter(({ topic }) => topic === topicNames.audit);
    expect(batches.map((batch) => batch.key)).toEqual([undefined]);
    expect(batches.map(entriesOf)).toEqual([
      [
        { bytes: 10, fill: 10, traceparent: '00-a-b-01' },
        { bytes: 20, fill: 20, traceparent: '' },
      ],
    ]);
  });

  test('become several records where one would be larger than 256 KiB', () => {
    const packed = packAudit([about(200_000), about(100_000), about(100_000), about(400_000), about(1)]);
    expect(packed.map((batch) => entriesOf(batch).map(({ bytes }) => bytes))).toEqual([
      [200_000],
      [100_000, 100_000],
      [400_000],
      [1],
    ]);
  });

  test('are none where there is nothing to say', () => {
    expect(packAudit([])).toEqual([]);
  });
});
