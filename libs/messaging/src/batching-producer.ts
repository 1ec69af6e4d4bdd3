import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '@bellwire/errors';
import type { Log, NewRecord } from './log.ts';

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
   * any of them failed (those not written by then are dropped); with a Fault OVERLOADED where too much is waiting.
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

const sizeOf = (record: NewRecord): number => {
  let size = Buffer.byteLength(record.key ?? '') + (record.value?.length ?? 0) + 16;
  for (const name in record.headers) size += name.length + (record.headers[name]?.length ?? 0) + 2;
  return size;
};

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

  /** The next write, and whose records are in it. */
  const gather = (): { records: NewRecord[]; calls: Set<Call> } => {
    const records: NewRecord[] = [];
    const calls = new Set<Call>();
    let bytes = 0;
    for (let call = queue[0]; call !== undefined; call = queue[0]) {
      const record = call.failed ? undefined : call.records[call.taken];
      if (record === undefined) {
        queue.shift();
        continue;
      }
      bytes += sizeOf(record);
      if (records.length > 0 && (bytes > maxBatchBytes || records.length >= maxBatchRecords)) break;
      records.push(record);
      calls.add(call);
      call.taken++;
    }
    return { records, calls };
  };

  const settle = (calls: Set<Call>, error?: unknown): void => {
    for (const call of calls) {
      call.failed ||= error !== undefined;
      if (!call.failed && call.taken < call.records.length) continue;
      buffered -= call.bytes;
      if (call.failed) call.reject(error);
      else call.resolve();
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
    for (let next = await gathered(); next.records.length > 0; next = queue.length > 0 ? await gathered() : gather()) {
      try {
        await log.produce(next.records);
        settle(next.calls);
      } catch (error) {
        settle(next.calls, error);
      }
    }
    working = undefined;
  };

  return {
    async produce(records) {
      if (closed) throw new Fault('STOPPING', 'The producer is closing.');
      if (records.length === 0) return;
      const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
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
