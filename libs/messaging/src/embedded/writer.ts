import { Fault } from '@bellwire/errors';
import type { Position } from '../log.ts';
import { layOut, type Placed } from './append.ts';
import type { RunningTime } from './running-time.ts';
import { unavailable, type WriterSession } from './session.ts';

/** Appends records, one statement at a time. */
export interface Writer {
  /** Resolves when the records are on disk. Calls that come while a statement is in flight share the next one. */
  write(placed: readonly Placed[], bytes: number): Promise<readonly Position[]>;
  /** Refuses new work and resolves when the old is done. */
  close(): Promise<void>;
}

interface Call {
  placed: readonly Placed[];
  bytes: number;
  resolve(positions: readonly Position[]): void;
  reject(error: unknown): void;
}

// Beyond this a longer statement gains nothing: 200 x 1 KiB is within a tenth of 1,000 x 1 KiB.
const statementRecords = 5000;
const statementBytes = 8 * 1024 * 1024;

export const openWriter = (session: WriterSession, ran: RunningTime): Writer => {
  let queue: Call[] = [];
  let working: Promise<void> | undefined;
  let closed = false;

  const gather = (): Call[] => {
    let records = 0;
    let bytes = 0;
    let count = 0;
    for (const call of queue) {
      records += call.placed.length;
      bytes += call.bytes;
      if (count > 0 && (records > statementRecords || bytes > statementBytes)) break;
      count++;
    }
    return queue.splice(0, count);
  };

  const writeOnce = async (calls: readonly Call[]): Promise<void> => {
    const [only] = calls;
    const all = calls.length === 1 && only !== undefined ? only.placed : calls.flatMap((call) => call.placed);
    const append = layOut(all, Date.now(), ran.now());
    const rows = await session.query<{ slot: number; base: string }>(append.query);
    const { byPartition, positions } = append.placed(rows);
    for (const [partition, records] of byPartition) partition.append(records);
    let at = 0;
    for (const call of calls) call.resolve(positions.slice(at, (at += call.placed.length)));
  };

  const work = async (): Promise<void> => {
    // What arrives in the same turn of the event loop goes into the same statement.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const calls = gather();
      try {
        await writeOnce(calls);
      } catch (error) {
        const fault = error instanceof Fault ? error : unavailable(error);
        for (const call of calls) call.reject(fault);
      }
    }
    working = undefined;
  };

  return {
    async write(placed, bytes) {
      if (closed) throw new Fault('STOPPING', 'The log is closing.');
      return new Promise<readonly Position[]>((resolve, reject) => {
        queue.push({ placed, bytes, resolve, reject });
        working ??= work();
      });
    },
    async close() {
      closed = true;
      await working;
    },
  };
};
