import { AuditBatch } from '@bellwire/contracts';
import { topicNames, type NewRecord } from '@bellwire/messaging';

const maxBytes = 256 * 1024;

/**
 * The records of one write as they go to the log: those about history, which nobody reads one by one, several to a record.
 * A record of the log costs its write, its fetch and its settlement more than what it says.
 */
export const packAudit = (records: readonly NewRecord[]): NewRecord[] => {
  const packed: NewRecord[] = [];
  let batch = AuditBatch.create();
  let bytes = 0;
  const flush = (): void => {
    if (batch.entries.length === 0) return;
    packed.push({ topic: topicNames.audit, value: AuditBatch.encode(batch).finish() });
    batch = AuditBatch.create();
    bytes = 0;
  };
  for (const record of records) {
    const { topic, value, headers } = record;
    if (topic !== topicNames.audit || value === null) {
      packed.push(record);
      continue;
    }
    if (bytes + value.length > maxBytes) flush();
    bytes += value.length;
    batch.entries.push({
      record: Buffer.from(value.buffer, value.byteOffset, value.length),
      traceparent: headers?.['traceparent'] ?? '',
    });
  }
  flush();
  return packed;
};
