import type { Task } from './task.ts';

/** Takes tasks one by one; what throws is a failure of that task, and of no other. */
export const eachTask =
  <T>(take: (task: Task<T>) => void) =>
  (tasks: readonly Task<T>[]): void => {
    for (const task of tasks) {
      try {
        take(task);
      } catch (error) {
        task.fail(error);
      }
    }
  };
