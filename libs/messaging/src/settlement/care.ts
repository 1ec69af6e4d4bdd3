import type { Log, LogRecord, NewRecord, TopicPartition } from '../log.ts';
import { openCaution, type CautionTimes } from './caution.ts';
import { openDeadLetters } from './dead-letters.ts';
import type { Owned } from './owned.ts';
import { openPreparing } from './preparing.ts';
import { describePutAside, type PutAside } from './put-aside-letter.ts';
import { openQuarantine } from './quarantine.ts';
import { openTaskEnds } from './task-ends.ts';
import type { Task } from './task.ts';
import { turnsOf } from './turns.ts';

export interface CareOptions<T> {
  log: Log;
  group: string;
  /** Throws where the bytes make no sense: the record goes to dead-letters and the partition moves on. */
  decode: (bytes: Uint8Array) => T;
  /**
   * Takes tasks of one partition in order, and returns at once. It throws only by a bug, and then it has taken none of them:
   * onFailure hears of it, and each of them has failed (see Task). Where a bug in one must not be a failure of the others, take
   * them with `eachTask`.
   */
  handle: (tasks: readonly Task<T>[]) => void;
  /**
   * Called when a partition has moved away, and when the worker stops: tasks that are not current any more and for which
   * nothing was begun are to be released at once. What was begun is settled as ever; the partition is handed over then.
   * @default nothing waits in the handler
   */
  letGo?: () => void;
  /**
   * Called for each partition that becomes ours; its tasks wait until this resolves. It tries again by itself what may
   * fail. @default nothing to prepare
   */
  prepare?: (partition: TopicPartition) => Promise<void>;
  /**
   * Records are in hand for long by design: each has a copy of its bytes, so that it does not keep all that was fetched with
   * it, and one that ends the process is not looked for (see Caution). @default false
   */
  recordsWait?: boolean;
  /** False where the process ends by a failure: its end may be a record's doing. @default true */
  endsInOrder?: () => boolean;
  /** What is written with the letter of a record that has failed or crashed: that its delivery is a dead letter. @default nothing */
  withLetter?: (aside: PutAside) => readonly NewRecord[];
  /** What must be durable beside the letter of a record that has failed or crashed before it is settled. @default nothing */
  afterLetter?: (aside: PutAside) => Promise<void>;
  /** A record is in dead-letters now, and its partition moves on. @default onFailure hears of it */
  onPutAside?: (aside: PutAside) => void;
  /** For tests. */
  times?: Partial<CautionTimes> & { againAfterMs?: number };
  /** handle() threw, a task has failed, or a dead letter could not be written and is tried again. */
  onFailure: (error: unknown) => void;
}

/** What stands between the records of a worker and its handler, so that no record stops its partition. */
export interface Care {
  begin(own: Owned, partition: TopicPartition): void;
  /** Hands these over as tasks, now or when it may; those that cannot be read go to dead-letters. */
  take(own: Owned, records: readonly LogRecord[]): void;
  /** Releases what waits for a partition that has moved away, or for a worker that stops. */
  letGo(): void;
  counts(): { unreadable: number; putAside: number };
  stop(): Promise<void>;
}

/** Its value is a view of all that was fetched with it. */
const apart = (record: LogRecord): LogRecord => ({ ...record, value: record.value && new Uint8Array(record.value) });

/** @param flush commits what there is now */
export const openCare = <T>(options: CareOptions<T>, flush: () => Promise<void>): Care => {
  const { log, group, decode, handle, times = {}, onFailure } = options;
  const { withLetter = () => [], afterLetter = async () => undefined } = options;
  const { onPutAside = (aside) => onFailure(new Error(describePutAside(aside), { cause: aside.error })) } = options;
  const counts = { unreadable: 0, putAside: 0 };
  const ends = openTaskEnds();
  const deadLetters = openDeadLetters({ log, withLetter, afterLetter, onPutAside, onFailure });

  const putAsideAs =
    (kind: 'failed' | 'crashed') =>
    (task: Task<T>, error: unknown, failures: number): void => {
      counts.putAside++;
      deadLetters.send(task, { record: task.record, kind, error, failures, group });
    };
  const { againAfterMs } = times;
  const quarantine = openQuarantine<T>({ handle, putAside: putAsideAs('failed'), ends, onFailure, againAfterMs });
  const { handOver } = quarantine;
  const putAside = putAsideAs('crashed');
  const caution = openCaution<T>({ handOver, putAside, flush, ends, turns: turnsOf(log), onFailure, times });

  const preparing = openPreparing<T>({ prepare: options.prepare, handle: caution.pass, onFailure });

  const makeTask = (own: Owned, record: LogRecord, value: T): Task<T> => {
    const task: Task<T> = {
      value,
      record,
      mayBeTwice: record.offset < own.life.begunBelow,
      isCurrent: own.isCurrent,
      settle(onCommitted) {
        own.settle(record.offset, onCommitted);
        quarantine.settled(task);
        ends.tell(record);
      },
      fail: (error) => quarantine.failed(task, error),
      release() {
        own.release(record.offset);
        ends.tell(record);
      },
    };
    return task;
  };

  const taskOf = (own: Owned, fetched: LogRecord): Task<T> | undefined => {
    const record = options.recordsWait === true ? apart(fetched) : fetched;
    try {
      if (record.value === null) throw new Error('the record has no value');
      return makeTask(own, record, decode(record.value));
    } catch (error) {
      counts.unreadable++;
      const settle = (): void => own.settle(record.offset);
      const release = (): void => own.release(record.offset);
      const aside = { record, kind: 'undecodable', error, failures: 1, group } as const;
      deadLetters.send({ settle, release, isCurrent: own.isCurrent }, aside);
      return undefined;
    }
  };

  return {
    begin(own, partition) {
      if (options.recordsWait !== true) caution.begin(own);
      preparing.begin(own, partition);
    },
    take(own, records) {
      const tasks = records.flatMap((record) => taskOf(own, record) ?? []);
      preparing.pass(own, tasks);
    },
    letGo() {
      preparing.letGo();
      caution.letGo();
      quarantine.letGo();
      options.letGo?.();
    },
    counts: () => counts,
    async stop() {
      quarantine.stop();
      await deadLetters.stop();
    },
  };
};
