import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@bellwire/errors';
import type { Log, NewRecord } from './log.ts';
import { sizeOfRecord, writeApart } from './record-limits.ts';

export interface BatchingProducerOptions {
  /** Bytes in one write; a larger record goes alone. Below Kafka's default limit of 1 MiB. @default 900000 */
  maxBatchBytes?: number;
  /** @default 5000 */
  maxBatchRecords?: number;
  /** Bytes that wait or are being written, before callers are refused. @default 64 MiB */
  maxBufferedBytes?: number;
  /**
   * A write begins so many milliseconds after the one before it at the earliest: fewer and larger writes where nobody waits
   * for a single record. @default 0
   */
  gatherMs?: number;
}

/** Makes few large writes of many small ones. */
export interface BatchingProducer {
  /**
   * Resolves when the log has all of the records, in the order given. Rejects with what the log said where a write with
   * any of them failed (those not written by then are dropped); with a Fault OVERLOADED where too much is waiting. A record
   * that the log refuses for good fails the call that it came with, and no other.
   */
  produce(records: readonly NewRecord[]): Promise<void>;
  /** Refuses new records and resolves when the old are written or rejected. */
  close(): Promise<void>;
}

interface Call {
  records: readonly NewRecord[];
  /** Records before this one have been taken into a write. */
  taken: number;
  bytes: number;
  failed: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** What one call has in a write. */
interface Part {
  call: Call;
  records: NewRecord[];
  reject(error: unknown): void;
}

const overloaded = (): Fault =>
  new Fault('OVERLOADED', 'The log takes records more slowly than they come.', { retryAfterMs: 1000 });

/** While one write is in flight the next gathers: no timer, so a single record waits for nothing when all is quiet. */
export const batchingProducer = (
  log: Pick<Log, 'produce'>,
  options: BatchingProducerOptions = {},
): BatchingProducer => {
  const { maxBatchBytes = 900_000, maxBatchRecords = 5000, maxBufferedBytes = 64 * 1024 * 1024 } = options;
  const { gatherMs = 0 } = options;
  const queue: Call[] = [];
  let lastBegunAt = Number.NEGATIVE_INFINITY;
  let buffered = 0;
  let working: Promise<void> | undefined;
  let closed = false;

  /** The next write, call by call. */
  const gather = (): Part[] => {
    const parts: Part[] = [];
    let count = 0;
    let bytes = 0;
    for (let call = queue[0]; call !== undefined; call = queue[0]) {
      const record = call.failed ? undefined : call.records[call.taken];
      if (record === undefined) {
        queue.shift();
        continue;
      }
      bytes += sizeOfRecord(record);
      if (count > 0 && (bytes > maxBatchBytes || count >= maxBatchRecords)) break;
      const last = parts.at(-1);
      if (last?.call === call) last.records.push(record);
      else parts.push({ call, records: [record], reject: (error) => fail(call, error) });
      call.taken++;
      count++;
    }
    return parts;
  };

  const fail = (call: Call, error: unknown): void => {
    call.failed = true;
    buffered -= call.bytes;
    call.reject(error);
  };

  const write = async (parts: readonly Part[]): Promise<void> => {
    await log.produce(parts.flatMap(({ records }) => records));
    for (const { call } of parts) {
      if (call.taken < call.records.length) continue;
      buffered -= call.bytes;
      call.resolve();
    }
  };

  /** Callers in the same turn of the event loop share a write, and those of the next `gatherMs` after a write. */
  const gathered = async (): Promise<ReturnType<typeof gather>> => {
    const waitMs = closed ? 0 : lastBegunAt + gatherMs - performance.now();
    await (waitMs > 0 ? sleep(waitMs) : new Promise((resolve) => setImmediate(resolve)));
    lastBegunAt = performance.now();
    return gather();
  };

  const work = async (): Promise<void> => {
    for (let next = await gathered(); next.length > 0; next = queue.length > 0 ? await gathered() : gather()) {
      await writeApart(next, write);
    }
    working = undefined;
  };

  return {
    async produce(records) {
      if (closed) throw new Fault('STOPPING', 'The producer is closing.');
      if (records.length === 0) return;
      const bytes = records.reduce((sum, record) => sum + sizeOfRecord(record), 0);
      if (buffered > 0 && buffered + bytes > maxBufferedBytes) throw overloaded();
      buffered += bytes;
      await new Promise<void>((resolve, reject) => {
        queue.push({ records, taken: 0, bytes, failed: false, resolve, reject });
        working ??= work();
      });
    },
    async close() {
      closed = true;
      await working;
    },
  };
};
