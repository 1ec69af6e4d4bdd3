import { LRUCache } from 'lru-cache';

/** The (round, attempt) that a delivery has come to in this process. */
interface Mark {
  round: number;
  attempt: number;
}

/**
 * Remembers how far deliveries have come, so that a repeated record does nothing: a record of an older round, or not
 * above the last attempt, is stale. A new round goes on counting above the last attempt, whatever its writer knew.
 */
export interface AttemptMemory {
  /** The attempt number under which the record goes on, or undefined if it is stale. */
  take(delivery: { deliveryId: string; round: number; attempt: number }): number | undefined;
  /** The taken attempt was not made after all (spilled, held): it may come again. */
  giveBack(delivery: { deliveryId: string; round: number; attempt: number }): void;
  /** Another process has come so far with it. */
  learn(mark: { deliveryId: string; round: number; attempt: number }): void;
}

/** @param size deliveries remembered, the least recently touched forgotten first */
export const makeAttemptMemory = (size: number): AttemptMemory => {
  const marks = new LRUCache<string, Mark>({ max: size });
  const isBehind = (mark: Mark | undefined, { round, attempt }: Mark): boolean =>
    mark === undefined || round > mark.round || (round === mark.round && attempt > mark.attempt);

  return {
    take: ({ deliveryId, round, attempt }) => {
      const mark = marks.get(deliveryId);
      if (!isBehind(mark, { round, attempt })) return undefined;
      const number = mark !== undefined && round > mark.round ? Math.max(attempt, mark.attempt + 1) : attempt;
      marks.set(deliveryId, { round, attempt: number });
      return number;
    },
    giveBack: ({ deliveryId, round, attempt }) => {
      const mark = marks.get(deliveryId);
      if (mark?.round === round && mark.attempt === attempt) marks.set(deliveryId, { round, attempt: attempt - 1 });
    },
    learn: ({ deliveryId, round, attempt }) => {
      if (isBehind(marks.get(deliveryId), { round, attempt })) marks.set(deliveryId, { round, attempt });
    },
  };
};
