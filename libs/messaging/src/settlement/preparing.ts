import type { TopicPartition } from '../log.ts';
import type { Owned } from './owned.ts';
import type { Task } from './task.ts';

export interface PreparingOptions<T> {
  /** Absent: nothing needs preparing. */
  prepare: ((partition: TopicPartition) => Promise<void>) | undefined;
  handle: (own: Owned, tasks: readonly Task<T>[]) => void;
  onFailure: (error: unknown) => void;
}

/** Keeps the tasks of a partition that has just become ours until its owner is prepared for them. */
export const openPreparing = <T>({ prepare, handle, onFailure }: PreparingOptions<T>) => {
  const waiting = new Map<Owned, Task<T>[]>();
  const release = (tasks: readonly Task<T>[]): void => tasks.forEach((task) => task.release());

  const passOn = (own: Owned, held: readonly Task<T>[]): void => {
    waiting.delete(own);
    if (held.length === 0) return;
    if (own.isCurrent()) handle(own, held);
    else release(held);
  };

  return {
    begin: (own: Owned, partition: TopicPartition): void => {
      if (prepare === undefined) return;
      const held: Task<T>[] = [];
      waiting.set(own, held);
      prepare(partition)
        .then(() => passOn(own, held))
        .catch(onFailure);
    },
    pass: (own: Owned, tasks: readonly Task<T>[]): void => {
      const held = waiting.get(own);
      if (held !== undefined) held.push(...tasks);
      else if (tasks.length > 0) handle(own, tasks);
    },
    /** Releases what waits for a partition that has moved away, or for a worker that stops. */
    letGo: (): void => {
      for (const [own, held] of waiting) if (!own.isCurrent()) release(held.splice(0));
    },
  };
};
