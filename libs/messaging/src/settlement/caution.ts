import { setTimeout as sleep } from 'node:timers/promises';
import type { LifeMark } from './life-mark.ts';
import type { Owned } from './owned.ts';
import { offsetOf, openSuspects, type Step } from './suspects.ts';
import type { TaskEnds } from './task-ends.ts';
import type { Task } from './task.ts';
import type { Turns } from './turns.ts';

/** In milliseconds; for tests to shorten. */
export interface CautionTimes {
  /** How long a few records that were handed over together are waited for. @default 3000 */
  fewMs: number;
  /** How long one that was handed over alone is waited for. @default 10000 */
  oneMs: number;
  /** The same after a crash with few in hand of which nothing else is known. @default 500 */
  briefMs: number;
  /** A life that lasts so long beyond what was in hand at the crash before it goes on freely. @default 5000 */
  aliveMs: number;
}

export interface CautionOptions<T> {
  handOver: (tasks: readonly Task<T>[]) => void;
  /** Writes it to dead-letters, and settles it then. */
  putAside: (task: Task<T>, error: unknown, failures: number) => void;
  /** Commits what there is now. */
  flush: () => Promise<void>;
  ends: TaskEnds;
  turns: Turns;
  onFailure: (error: unknown) => void;
  times?: Partial<CautionTimes>;
}

/**
 * Finds the record that ends the process (a crash, no memory left, an endless loop that a liveness check ends), and puts it
 * aside. Each commit says how the owner hands records over and which was the last (life-mark.ts); an owner that leaves in
 * order takes that back, and one that only was late to hand over lives. So the next one knows whether its predecessor ended
 * without a word, and goes on with more care after each such end:
 *
 * | after                                       | records are handed over                                                |
 * | ------------------------------------------- | ---------------------------------------------------------------------- |
 * | an end in order                             | freely: one commit before the first, and nothing more                  |
 * | a crash with 20 in hand or fewer            | 20 one at a time, each committed before; then 20 at a time             |
 * | a crash with more                           | 20 at a time, each time committed before: few are in hand at the next  |
 * | a crash with few in hand                    | those one at a time, each committed before; then 20 at a time          |
 * | a crash with one in hand                    | that one first, while the whole process hands over no other suspect    |
 * | a crash with that one, alone in the process | all others: that one is put aside, it is in dead-letters as `crashed`  |
 *
 * So it takes three crashes, counted from the first one that the record causes, and four where its partition had more than 20
 * records in hand: it would be three there too if one crash with the record alone in hand were proof enough. It is not: then
 * whoever kills a process three times in a row would put aside whatever it had in hand. This way it is only where the last
 * two kills each met the same record alone. Neighbours are delivered in between. More crashes are needed only where other
 * records crash too. Care ends when what was in hand at the crash has passed and the process has lived five seconds more.
 *
 * Not found: what ends the process more than ten seconds after it was handed over without keeping the thread busy, and what
 * ends it while it is decoded.
 */
export interface Caution<T> {
  begin(own: Owned): void;
  pass(own: Owned, tasks: readonly Task<T>[]): void;
  /** Releases what waits for a partition that has moved away, or for a worker that stops. */
  letGo(): void;
}

const commitLimitMs = 5000;
const commitAgainMs = 50;

const crashed = (crashes: number): Error =>
  new Error(`The process has ended ${crashes} times in a row, the last two with this record alone in hand.`);

/** Resolves when the commit is made, or cannot be made: then nothing is known of a crash, and nothing worse. */
const commitMark = async (
  own: Owned,
  mark: LifeMark,
  { flush, onFailure }: Pick<CautionOptions<never>, 'flush' | 'onFailure'>,
): Promise<void> => {
  if (!own.isCurrent()) return;
  own.life.mark = mark;
  own.touch();
  for (const giveUpAtMs = performance.now() + commitLimitMs; own.isCurrent() && performance.now() < giveUpAtMs;) {
    try {
      return await flush();
    } catch (error) {
      onFailure(error);
      await sleep(commitAgainMs);
    }
  }
};

/** A wait that another party may end. */
const openPause = () => {
  let end: () => void = () => undefined;
  return {
    wait: (limitMs: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: (): void => end(),
  };
};

/** One partition, until its records are handed over freely. */
const openCareful = <T>(own: Owned, options: CautionOptions<T>, onFree: (waiting: readonly Task<T>[]) => void) => {
  const { ends, turns, onFailure, putAside, times = {} } = options;
  const { fewMs = 3000, oneMs = 10_000, briefMs = 500, aliveMs = 5000 } = times;
  const { before, inHandBefore } = own.life;
  const crashes = before === undefined ? 0 : before.crashes + 1;
  const suspects = openSuspects<T>(before ?? { crashes: 0, caution: 0, newest: -1 }, inHandBefore);
  const { queue } = suspects;
  const pause = openPause();
  let isWorking = false;
  /** The newest that was handed over by us. */
  let newest = -1;

  const say = (caution: LifeMark['caution']): Promise<void> => commitMark(own, { crashes, caution, newest }, options);

  const handOver = async (tasks: readonly Task<T>[], caution: 1 | 2 | 3, limitMs: number): Promise<void> => {
    newest = Math.max(offsetOf(tasks.at(-1)), newest);
    await say(caution);
    if (!own.isCurrent()) return tasks.forEach((task) => task.release());
    const ended = ends.wait(
      tasks.map(({ record }) => record),
      limitMs,
    );
    options.handOver(tasks);
    await ended;
    // Before others follow it: whatever ends the process from now on is not its doing, although its end is not committed yet.
    if (caution === 3) await say(1);
  };

  /** Resolves when its letter is kept, before anything else is handed over: the next crash may come at once. */
  const convict = async (task: Task<T>): Promise<void> => {
    const kept = ends.wait([task.record], Number.POSITIVE_INFINITY);
    putAside(task, crashed(crashes), crashes);
    await kept;
  };

  const perform = ({ tasks, caution, isBrief }: Step<T>): Promise<unknown> => {
    if (caution === 'put aside') return Promise.all(tasks.map(convict));
    const forOneMs = isBrief === true ? briefMs : oneMs;
    const limitMs = caution === 1 ? fewMs : forOneMs;
    return (caution === 3 ? turns.alone : turns.together)(() => handOver(tasks, caution, limitMs));
  };

  const carefully = async (): Promise<void> => {
    const freeAtMs = performance.now() + aliveMs;
    while (own.isCurrent()) {
      const leftMs = freeAtMs - performance.now();
      if (leftMs <= 0 && suspects.areThrough()) return;
      const step = suspects.next();
      if (step !== undefined) await perform(step);
      else if (leftMs > 0) await pause.wait(leftMs);
      else suspects.giveUpFirst();
    }
  };

  const work = async (): Promise<void> => {
    if (before !== undefined) await carefully();
    else {
      newest = offsetOf(queue.at(-1));
      await say(0);
    }
    const waiting = queue.splice(0);
    if (!own.isCurrent()) return waiting.forEach((task) => task.release());
    own.life.mark = { crashes: 0, caution: 0, newest: Math.max(offsetOf(waiting.at(-1)), newest) };
    own.touch();
    onFree(waiting);
  };

  return {
    add(tasks: readonly Task<T>[]): void {
      queue.push(...tasks);
      pause.end();
      if (isWorking) return;
      isWorking = true;
      void work().catch(onFailure);
    },
    letGo(): void {
      for (const task of queue.splice(0)) task.release();
      pause.end();
    },
  };
};

export const openCaution = <T>(options: CautionOptions<T>): Caution<T> => {
  const careful = new Map<Owned, ReturnType<typeof openCareful<T>>>();

  const freely = (own: Owned, tasks: readonly Task<T>[]): void => {
    if (own.life.mark !== undefined) own.life.mark.newest = offsetOf(tasks.at(-1));
    options.handOver(tasks);
  };

  return {
    begin: (own) => {
      const onFree = (waiting: readonly Task<T>[]): void => {
        careful.delete(own);
        if (waiting.length > 0) freely(own, waiting);
      };
      careful.set(own, openCareful(own, options, onFree));
    },
    pass: (own, tasks) => {
      const waits = careful.get(own);
      if (waits === undefined) freely(own, tasks);
      else waits.add(tasks);
    },
    letGo() {
      for (const [own, waits] of careful) {
        if (own.isCurrent()) continue;
        careful.delete(own);
        waits.letGo();
      }
    },
  };
};
