import type { Clock } from '@bellwire/domain';
import type { Logger } from '@bellwire/lifecycle';
import type { LogRecord } from '@bellwire/messaging';
import { dayMs } from './days.ts';
import { foldBatch } from './fold-batch.ts';
import { acceptedAtOf, historyEntries, unreadable, type HistoryEntry, type HistoryRecord } from './history-record.ts';
import type { Rows } from './rows.ts';
import { UnstorableRows } from './store/write-rows.ts';

/** One thing that a record in hand says, decoded. */
export interface Decoded {
  readonly record: LogRecord;
  /** Nothing where it is past the retention. */
  readonly change: HistoryRecord | undefined;
  /** With this the record is recorded, all of it. */
  readonly isLast: boolean;
  readonly traceparent: string;
}

/** Clocks differ a little; what claims to come from later than that would make partitions without end. */
const longestAheadMs = 2 * dayMs;

export interface DecodeDeps {
  clock: Clock;
  /** By it retention is over. @default clock */
  expiryClock?: Clock;
  retentionMs: number;
}

/** What a record says, as it is to be recorded: what cannot be read is kept with its origin, what is past the retention is not. */
export const makeDecode =
  ({ clock, expiryClock = clock, retentionMs }: DecodeDeps) =>
  (record: LogRecord): readonly Decoded[] => {
    const nowMs = clock.now();
    const changeOf = ({ decode }: HistoryEntry): HistoryRecord | undefined => {
      try {
        const change = decode();
        const acceptedAtMs = acceptedAtOf(change) ?? nowMs;
        if (acceptedAtMs > nowMs + longestAheadMs) throw new Error(`accepted in the future, at ${acceptedAtMs}`);
        return acceptedAtMs < expiryClock.now() - retentionMs ? undefined : change;
      } catch (error) {
        return unreadable(record, error, nowMs);
      }
    };
    try {
      const entries = historyEntries(record);
      return entries.map((entry, nth) => {
        const { traceparent } = entry;
        return { record, change: changeOf(entry), isLast: nth === entries.length - 1, traceparent };
      });
    } catch (error) {
      return [{ record, change: unreadable(record, error, nowMs), isLast: true, traceparent: '' }];
    }
  };

export interface WriteBatchDeps {
  /** @throws UnstorableRows where a row is at fault */
  writeRows(rows: Rows): Promise<void>;
  clock: Clock;
  log: Logger;
}

/** A record that cannot be folded cannot be stored either: it must not be tried for ever. */
const rowsOf = (batch: readonly Decoded[]): Rows => {
  try {
    return foldBatch(batch);
  } catch (error) {
    throw new UnstorableRows(error instanceof Error ? error.message : String(error), { cause: error });
  }
};

/**
 * Records a batch, in one transaction. A record that Postgres will never take is found by halving, and kept among the
 * unreadable ones, so that it does not hold up the others.
 */
export const makeWriteBatch = ({ writeRows, clock, log }: WriteBatchDeps) => {
  const write = async (batch: readonly Decoded[]): Promise<void> => {
    try {
      await writeRows(rowsOf(batch));
    } catch (error) {
      const [only] = batch;
      if (!(error instanceof UnstorableRows) || only === undefined) throw error;
      if (batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await write(batch.slice(0, middle));
        return write(batch.slice(middle));
      }
      if (only.change?.kind === 'unreadable') throw error;
      const { topic, partition, offset } = only.record;
      log.error({ topic, partition, offset, err: error }, 'audit.unstorable');
      await write([{ ...only, change: unreadable(only.record, error, clock.now()) }]);
    }
  };
  return write;
};
