import { DeadLetterRecord } from '@bellwire/contracts';
import type { LogRecord, NewRecord } from '../log.ts';
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

/** The dead letter that keeps its bytes and says where it came from. */
export const putAsideLetter = ({ record, kind, error, failures, group }: PutAside, foundAtMs: number): NewRecord => {
  const letter: DeadLetterRecord = {
    letter: {
      $case: 'unreadable',
      value: {
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
        value: Buffer.from(record.value ?? []),
        error: messageOf(error),
        foundAtMs,
        kind,
        consumerGroup: group,
        failures,
      },
    },
  };
  return {
    topic: topicNames.deadLetters,
    key: record.key,
    value: DeadLetterRecord.encode(letter).finish(),
    headers: record.headers,
  };
};
