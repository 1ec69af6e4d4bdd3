import type { LifeMark } from './life-mark.ts';
import type { Task } from './task.ts';

/** What is handed over next, and with which care. */
export interface Step<T> {
  tasks: readonly Task<T>[];
  caution: 1 | 2 | 3 | 'put aside';
  /** It is waited for only briefly: others that are no less suspect wait behind it. */
  isBrief?: true;
}

export const offsetOf = (task: Task<unknown> | undefined): number => task?.record.offset ?? -1;

const few = 20;

/**
 * What of one partition waits to be handed over, in order of offset, and who is next.
 *
 * @param inHand how many records up to the newest of the mark were not done. Where these were few, and nothing else was
 *   known of them, each is handed over by itself at once; and so are some that came after the mark was written.
 */
export const openSuspects = <T>(before: LifeMark, inHand: number) => {
  const queue: Task<T>[] = [];
  let briefly = before.caution === 0 && inHand <= few ? few : 0;
  let first = before.caution >= 2 ? before.newest : undefined;

  return {
    queue,
    /** Nothing that was in hand at the crash waits any more, as far as is known. */
    areThrough: (): boolean => first === undefined && (queue.length === 0 || offsetOf(queue[0]) > before.newest),
    /** The one to begin with does not come: it is done. */
    giveUpFirst: (): void => void (first = undefined),
    next(): Step<T> | undefined {
      if (first !== undefined) {
        if (offsetOf(queue.at(-1)) < first) return undefined;
        const at = queue.findIndex((task) => offsetOf(task) === first);
        first = undefined;
        if (at !== -1) return { tasks: queue.splice(at, 1), caution: before.caution === 3 ? 'put aside' : 3 };
      }
      if (queue.length === 0) return undefined;
      if (briefly > 0) {
        briefly--;
        return { tasks: queue.splice(0, 1), caution: 2, isBrief: true };
      }
      const isAmongFew = before.caution === 1 && offsetOf(queue[0]) <= before.newest;
      return isAmongFew ? { tasks: queue.splice(0, 1), caution: 2 } : { tasks: queue.splice(0, few), caution: 1 };
    },
  };
};
