import { DeadLetterRecord } from '@bellwire/contracts';
import type { LogRecord, NewRecord } from '../log.ts';
import { maxRecordBytes, sizeOfRecord } from '../record-limits.ts';
import { topicNames } from '../topics.ts';

const maxErrorLength = 2000;
/** Topic, numbers, and what protobuf puts around them. */
const aroundBytes = 1024;

/**
 * A record that could not be decoded, as the dead letter that keeps its bytes and says where it came from. It is one record
 * itself: the end of a value that leaves no room for the rest is cut, and the error says so.
 */
export const unreadableLetter = (record: LogRecord, error: unknown, foundAtMs: number): NewRecord => {
  const { topic, partition, offset, key, headers } = record;
  const bytes = Buffer.from(record.value ?? []);
  const said = (error instanceof Error ? error.message : String(error)).slice(0, maxErrorLength);
  const room = maxRecordBytes - sizeOfRecord({ topic, key, value: Buffer.from(said), headers }) - aroundBytes;
  const value = bytes.subarray(0, Math.max(0, room));
  const cut = value.length < bytes.length ? ` (the first ${value.length} of ${bytes.length} bytes)` : '';
  const letter: DeadLetterRecord = {
    letter: { $case: 'unreadable', value: { topic, partition, offset, value, error: said + cut, foundAtMs } },
  };
  return { topic: topicNames.deadLetters, key, value: DeadLetterRecord.encode(letter).finish(), headers };
};
