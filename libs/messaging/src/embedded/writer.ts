import { Fault } from '@bellwire/errors';
import { DatabaseError } from 'pg';
import type { Position } from '../log.ts';
import { writeApart } from '../record-limits.ts';
import { layOut, type AppendRow, type Placed, type Query } from './append.ts';
import type { RunningTime } from './running-time.ts';
import { unavailable } from './session.ts';

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

/** Data exceptions, and limits of the program: it is a value of the statement that Postgres will never take. */
const refusalIn = (error: unknown): Fault | undefined => {
  const cause = error instanceof Fault ? error.cause : error;
  const isRefusal = cause instanceof DatabaseError && /^(22|54)/.test(cause.code ?? '');
  return isRefusal ? new Fault('RECORD_REFUSED', 'The log refuses a record.', { cause }) : undefined;
};

/** @param run runs the statement on the one connection that writes */
export const openWriter = (run: (query: Query) => Promise<AppendRow[]>, ran: RunningTime): Writer => {
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
    const rows = await run(append.query);
    const { byPartition, positions } = append.placed(rows);
    for (const [partition, records] of byPartition) partition.append(records);
    let at = 0;
    for (const call of calls) call.resolve(positions.slice(at, (at += call.placed.length)));
  };

  const write = async (calls: readonly Call[]): Promise<void> => {
    try {
      await writeOnce(calls);
    } catch (error) {
      throw refusalIn(error) ?? (error instanceof Fault ? error : unavailable(error));
    }
  };

  const work = async (): Promise<void> => {
    // What arrives in the same turn of the event loop goes into the same statement.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      await writeApart(gather(), write);
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
