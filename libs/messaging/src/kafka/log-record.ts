import type { KafkaMessage } from 'kafkajs';
import type { LogRecord } from '../log.ts';

const text = (value: Buffer | string | (Buffer | string)[] | undefined): string =>
  Array.isArray(value) ? text(value.at(-1)) : (value?.toString() ?? '');

/** A record as kafkajs hands it over. Keys and headers are text with us. */
export const toLogRecord = (topic: string, partition: number, message: KafkaMessage): LogRecord => {
  const headers: Record<string, string> = {};
  for (const name in message.headers) headers[name] = text(message.headers[name]);
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key?.toString() ?? '',
    value: message.value,
    headers,
    timestampMs: Number(message.timestamp),
  };
};
