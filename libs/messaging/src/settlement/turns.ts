import type { Log } from '../log.ts';

/** Who of a process hands over records that are suspected: many at once, or one that is alone. */
export interface Turns {
  /** Beside others of this kind. */
  together(work: () => Promise<void>): Promise<void>;
  /** When no other is at work, and none until it is done. */
  alone(work: () => Promise<void>): Promise<void>;
}

export const openTurns = (): Turns => {
  const atWork = new Set<Promise<void>>();
  let alone: Promise<void> = Promise.resolve();

  const track = async (work: () => Promise<void>): Promise<void> => {
    const working = work();
    atWork.add(working);
    await working.finally(() => atWork.delete(working));
  };

  return {
    async together(work) {
      for (let before; before !== alone;) await (before = alone);
      await track(work);
    },
    alone(work) {
      const inTurn = async (before: Promise<void>): Promise<void> => {
        await before;
        while (atWork.size > 0) await Promise.allSettled(atWork);
        await work();
      };
      const mine = inTurn(alone);
      alone = mine.catch(() => undefined);
      return mine;
    },
  };
};

const byLog = new WeakMap<Log, Turns>();

/** One for each log that a process has open. */
export const turnsOf = (log: Log): Turns => {
  const known = byLog.get(log);
  if (known !== undefined) return known;
  const made = openTurns();
  byLog.set(log, made);
  return made;
};
