import type { LogRecord } from '../log.ts';

/** One record, decoded, until it is settled or released. */
export interface Task<T> {
  readonly value: T;
  readonly record: LogRecord;
  /**
   * The owner before us left the partition without a last word, and may have got on with the record: what followed from it
   * then is on the log too, and says nothing of us.
   */
  readonly mayBeTwice: boolean;
  /**
   * Everything that follows from the record is durable: it need not be seen again. Harmless twice, and after a move.
   * `onCommitted` is called once when the group has committed it too, so that a crash no longer repeats it, or when the
   * partition is no longer ours.
   */
  settle(onCommitted?: () => void): void;
  /**
   * Something that was to be done for it threw, by a bug: it is handed over again a little later, alone, and put aside in
   * dead-letters after three failures. Nothing of it may be under way any more.
   */
  fail(error: unknown): void;
  /** Nothing was begun for the record: it stays on the log for the next owner, and nobody waits for it. Harmless twice. */
  release(): void;
  /**
   * Whether anything may be begun for it: its partition is still ours, unmoved since the record was fetched, and the worker
   * goes on. What was begun before is brought to its end and settled all the same.
   */
  isCurrent(): boolean;
}
