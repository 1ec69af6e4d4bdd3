import type { LogRecord } from '../log.ts';

/** Who waits until tasks have ended: settled, released, failed or put aside. Costs nothing while nobody waits. */
export interface TaskEnds {
  /** The task of this record has ended. */
  tell(record: LogRecord): void;
  /** Resolves when the tasks of all of these have ended, after limitMs (for ever, where that is infinite), or when everybody is woken; true where all have. */
  wait(records: readonly LogRecord[], limitMs: number): Promise<boolean>;
  /** Nobody waits any more. */
  wake(): void;
}

export const openTaskEnds = (): TaskEnds => {
  const waiting = new Map<LogRecord, () => void>();
  const wakers = new Set<() => void>();

  return {
    tell(record) {
      if (waiting.size > 0) waiting.get(record)?.();
    },
    wait: (records, limitMs) =>
      new Promise((resolve) => {
        const left = new Set(records);
        const finish = (): void => {
          clearTimeout(timer);
          wakers.delete(finish);
          for (const record of left) waiting.delete(record);
          resolve(left.size === 0);
        };
        const timer = Number.isFinite(limitMs) ? setTimeout(finish, limitMs) : undefined;
        wakers.add(finish);
        for (const record of records)
          waiting.set(record, () => {
            left.delete(record);
            waiting.delete(record);
            if (left.size === 0) finish();
          });
        if (left.size === 0) finish();
      }),
    wake: () => [...wakers].forEach((finish) => finish()),
  };
};
