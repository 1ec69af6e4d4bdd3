import type { Message } from 'kafkajs';
import type { NewRecord, Position } from '../log.ts';
import type { PlaceRecord } from '../partitioner.ts';
import { checkSize, sizeOfRecord } from '../record-limits.ts';

export interface Placed {
  record: NewRecord;
  partition: number;
  bytes: number;
}

/** One call of produce(), until it is answered. */
export interface Call {
  readonly records: readonly NewRecord[];
  /** Undefined until the partitions of its topics are known. */
  placed: readonly Placed[] | undefined;
  readonly positions: Position[];
  /** Records before this one have been taken into a request. */
  taken: number;
  ended: boolean;
  resolve(positions: readonly Position[]): void;
  reject(error: unknown): void;
}

export interface Entry {
  call: Call;
  index: number;
  placed: Placed;
}

/** Of one partition in one request: Kafka refuses a batch over the topic's max.message.bytes as a whole. */
const maxBatchBytes = 950_000;
const maxRequestBytes = 8 * 1024 * 1024;

/** @throws Fault RECORD_TOO_LARGE, and then none of the records is written. */
export const place = (
  records: readonly NewRecord[],
  partitions: ReadonlyMap<string, number>,
  placeRecord: PlaceRecord,
): readonly Placed[] =>
  records.map((record) => {
    checkSize(record);
    const partition = placeRecord(record.key, partitions.get(record.topic) ?? 1);
    return { record, partition, bytes: sizeOfRecord(record) };
  });

/** The next request: records in order of the calls, as many as fit. Takes them from the queue. */
export const gather = (queue: Call[]): readonly Entry[] => {
  const entries: Entry[] = [];
  const batchBytes = new Map<string, number>();
  let requestBytes = 0;
  for (let call = queue[0]; call !== undefined; call = queue[0]) {
    if (!call.ended && call.placed === undefined) break;
    const placed = call.ended ? undefined : call.placed?.[call.taken];
    if (placed === undefined) {
      queue.shift();
      continue;
    }
    const name = `${placed.record.topic}\n${placed.partition}`;
    const bytes = (batchBytes.get(name) ?? 0) + placed.bytes;
    requestBytes += placed.bytes;
    if (entries.length > 0 && (bytes > maxBatchBytes || requestBytes > maxRequestBytes)) break;
    batchBytes.set(name, bytes);
    entries.push({ call, index: call.taken++, placed });
  }
  return entries;
};

export const messagesByTopic = (entries: readonly Entry[]): Map<string, Message[]> => {
  const messages = new Map<string, Message[]>();
  for (const { placed } of entries) {
    const { topic, key, value, headers } = placed.record;
    const list = messages.get(topic) ?? [];
    messages.set(topic, list);
    const bytes = value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.length);
    list.push({ key: key ?? null, value: bytes, partition: placed.partition, headers });
  }
  return messages;
};
