import type { LogRecord } from '../log.ts';

/** One record, decoded, until it is settled. */
export interface Task<T> {
  readonly value: T;
  readonly record: LogRecord;
  /**
   * Everything that follows from the record is durable: it need not be seen again. Harmless twice, and after a move.
   * `onCommitted` is called once when the group has committed it too, so that a crash no longer repeats it, or when the
   * partition is no longer ours.
   */
  settle(onCommitted?: () => void): void;
  /** Whether its partition is still ours, unmoved since the record was fetched. */
  isCurrent(): boolean;
}
