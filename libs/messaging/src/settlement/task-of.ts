import type { LogRecord } from '../log.ts';
import type { UnreadableTask } from './dead-letters.ts';
import type { Owned } from './owned.ts';
import type { Task } from './task.ts';

export interface TaskOfOptions<T> {
  /** Throws where the bytes make no sense. */
  decode: (bytes: Uint8Array) => T;
  onUnreadable: (task: UnreadableTask) => void;
}

/** A record of a partition that is ours as a task; undefined where it cannot be read. */
export const makeTaskOf =
  <T>({ decode, onUnreadable }: TaskOfOptions<T>) =>
  (own: Owned, record: LogRecord): Task<T> | undefined => {
    const { isCurrent } = own;
    // They outlive the record where a handler keeps only them: they must not hold its bytes.
    const { offset } = record;
    const settle = (onCommitted?: () => void): void => own.settle(offset, onCommitted);
    const release = (): void => own.release(offset);
    try {
      if (record.value === null) throw new Error('the record has no value');
      return { value: decode(record.value), record, settle, release, isCurrent };
    } catch (error) {
      onUnreadable({ record, error, settle, release, isCurrent });
      return undefined;
    }
  };
