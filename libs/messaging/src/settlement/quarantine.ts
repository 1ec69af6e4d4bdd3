import { Fault } from '@bellwire/errors';
import type { TaskEnds } from './task-ends.ts';
import type { Task } from './task.ts';

export interface QuarantineOptions<T> {
  handle: (tasks: readonly Task<T>[]) => void;
  /** Writes it to dead-letters, and settles it then. */
  putAside: (task: Task<T>, error: unknown, failures: number) => void;
  ends: TaskEnds;
  onFailure: (error: unknown) => void;
  /** How long after a failure a task is handed over again, in milliseconds. @default 2000 */
  againAfterMs?: number;
}

/**
 * A task whose handling throws is handed over again a little later, alone, so that its neighbours do not fail with it; the
 * third failure puts its record aside. Trouble of our own stores is no failure of a record: then it is handed over until it
 * passes. Nor are failures without end the fault of records: of more than 30 in a minute, those above are tried on, and
 * their partitions come to a stop, which is seen as lag.
 */
export interface Quarantine<T> {
  handOver(tasks: readonly Task<T>[]): void;
  failed(task: Task<T>, error: unknown): void;
  settled(task: Task<T>): void;
  /** Lets go of what is not current any more. */
  letGo(): void;
  stop(): void;
}

const mostFailures = 3;
const mostInPeriod = 30;
const periodMs = 60_000;
/** One that is handed over again is waited for so long before the next one is. */
const aloneMs = 1000;

const ofOurStores = new Set(['LOG_UNAVAILABLE', 'DATABASE_UNAVAILABLE', 'OVERLOADED', 'STOPPING']);
const isOfTheRecord = (error: unknown): boolean => !(error instanceof Fault && ofOurStores.has(error.reason));

/** So many within the last period, and no more. */
const openAllowance = () => {
  let takenAtMs: number[] = [];
  return (): boolean => {
    const nowMs = performance.now();
    takenAtMs = takenAtMs.filter((atMs) => nowMs - atMs < periodMs);
    if (takenAtMs.length >= mostInPeriod) return false;
    takenAtMs.push(nowMs);
    return true;
  };
};

export const openQuarantine = <T>(options: QuarantineOptions<T>): Quarantine<T> => {
  const { handle, putAside, ends, onFailure, againAfterMs = 2000 } = options;
  const mayPutAside = openAllowance();
  /** How often each has failed that is not settled. */
  const failures = new Map<Task<T>, number>();
  /** In order of time. */
  let waiting: { task: Task<T>; dueAtMs: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  let stopped = false;

  const forget = (task: Task<T>): void => {
    failures.delete(task);
    task.release();
  };

  const count = (task: Task<T>, error: unknown): void => {
    const sofar = (failures.get(task) ?? 0) + (isOfTheRecord(error) ? 1 : 0);
    failures.set(task, sofar);
    ends.tell(task.record);
    if (!task.isCurrent() || stopped) return forget(task);
    if (sofar >= mostFailures && mayPutAside()) {
      failures.delete(task);
      return putAside(task, error, sofar);
    }
    waiting.push({ task, dueAtMs: performance.now() + againAfterMs });
    schedule();
  };

  const handOver = (tasks: readonly Task<T>[]): void => {
    try {
      handle(tasks);
    } catch (error) {
      onFailure(error);
      for (const task of tasks) count(task, error);
    }
  };

  const next = async (): Promise<void> => {
    const [first] = waiting.splice(0, 1);
    if (first === undefined || !failures.has(first.task)) return;
    if (!first.task.isCurrent()) return forget(first.task);
    const ended = ends.wait([first.task.record], aloneMs);
    handOver([first.task]);
    await ended;
  };

  const schedule = (): void => {
    const [first] = waiting;
    if (first === undefined || timer !== undefined || isBusy || stopped) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        isBusy = true;
        void next().finally(() => {
          isBusy = false;
          schedule();
        });
      },
      Math.max(0, first.dueAtMs - performance.now()),
    );
  };

  return {
    handOver,
    failed(task, error) {
      if (task.isCurrent()) onFailure(error);
      count(task, error);
    },
    settled(task) {
      if (failures.size > 0) failures.delete(task);
    },
    letGo() {
      for (const { task } of waiting) if (!task.isCurrent()) forget(task);
      waiting = waiting.filter(({ task }) => failures.has(task));
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      ends.wake();
    },
  };
};
