import { DeadLetterRecord } from '@bellwire/contracts';
import type { LogRecord, NewRecord } from '../log.ts';
import { topicNames } from '../topics.ts';

/** A record that could not be decoded, as the dead letter that keeps its bytes and says where it came from. */
export const unreadableLetter = (record: LogRecord, error: unknown, foundAtMs: number): NewRecord => {
  const letter: DeadLetterRecord = {
    letter: {
      $case: 'unreadable',
      value: {
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
        value: Buffer.from(record.value ?? []),
        error: error instanceof Error ? error.message : String(error),
        foundAtMs,
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
