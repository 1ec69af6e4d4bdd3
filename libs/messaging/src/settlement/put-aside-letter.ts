import { DeadLetterRecord } from '@bellwire/contracts';
import type { LogRecord, NewRecord } from '../log.ts';
import { maxRecordBytes, sizeOfRecord } from '../record-limits.ts';
import { topicNames } from '../topics.ts';

/**
 * A record that a consumer cannot get past: its bytes make no sense, its handling has thrown too often, or it was the only
 * one in hand when the process ended, and again.
 */
export interface PutAside {
  record: LogRecord;
  kind: 'undecodable' | 'failed' | 'crashed';
  error: unknown;
  /** How often it has failed, or ended the process. */
  failures: number;
  /** Of the consumer. */
  group: string;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** In one line, for a log. */
export const describePutAside = ({ record, kind, error, failures, group }: PutAside): string =>
  `Record ${record.offset} of partition ${record.partition} of "${record.topic}" was put aside by ${group}: ${kind}, ` +
  `${failures} times: ${messageOf(error)}`;

const maxErrorLength = 2000;
/** Topic, group, numbers, and what protobuf puts around them. */
const aroundBytes = 1024;

/**
 * The dead letter that keeps its bytes and says where it came from. It is one record itself: the end of a value that leaves
 * no room for the rest is cut, and the error says so.
 */
export const putAsideLetter = (aside: PutAside, foundAtMs: number): NewRecord => {
  const { kind, failures, group: consumerGroup } = aside;
  const { topic, partition, offset, key, headers } = aside.record;
  const bytes = Buffer.from(aside.record.value ?? []);
  const said = messageOf(aside.error).slice(0, maxErrorLength);
  const room = maxRecordBytes - sizeOfRecord({ topic, key, value: Buffer.from(said), headers }) - aroundBytes;
  const value = bytes.subarray(0, Math.max(0, room));
  const cut = value.length < bytes.length ? ` (the first ${value.length} of ${bytes.length} bytes)` : '';
  const origin = { topic, partition, offset, value, error: said + cut, foundAtMs };
  const letter: DeadLetterRecord = {
    letter: { $case: 'unreadable', value: { ...origin, kind, consumerGroup, failures } },
  };
  return { topic: topicNames.deadLetters, key, value: DeadLetterRecord.encode(letter).finish(), headers };
};
