import { LRUCache } from 'lru-cache';

/** What names one step of a delivery. */
export interface Step {
  deliveryId: string;
  round: number;
  attempt: number;
}

type Mark = Pick<Step, 'round' | 'attempt'>;

/** Why a record of a delivery does nothing: its round was cancelled, a later round has come, or its attempt was made. */
export type Stale = 'cancelled' | 'older_round' | 'attempt_made';

/**
 * How far deliveries have come: attempts that were made and whose next step is on the log, and rounds whose cancellation is
 * on the log. All of it is true whoever owns the delivery, and stays so: what was merely begun is not known here.
 */
export interface AttemptMemory {
  /** Why the record does nothing any more; undefined: it is to be worked on. */
  staleness(step: Step): Stale | undefined;
  /** The attempt was made, and what follows from it is on the log. */
  made(step: Step): void;
  /** How many attempts were made, over all rounds. */
  attemptsOf(deliveryId: string): number;
  /** The round is cancelled, after so many attempts. */
  end(step: Step): void;
}

/** @param size deliveries remembered, and as many cancelled ones, the least recently touched forgotten first */
export const makeAttemptMemory = (size: number): AttemptMemory => {
  const marks = new LRUCache<string, Mark>({ max: size });
  const ends = new LRUCache<string, Mark>({ max: size });

  return {
    staleness: ({ deliveryId, round, attempt }) => {
      if (round <= (ends.get(deliveryId)?.round ?? 0)) return 'cancelled';
      const mark = marks.get(deliveryId);
      if (mark === undefined || round > mark.round) return undefined;
      if (round < mark.round) return 'older_round';
      return attempt <= mark.attempt ? 'attempt_made' : undefined;
    },
    made: ({ deliveryId, round, attempt }) => {
      const mark = marks.get(deliveryId);
      const isNews = mark === undefined || round > mark.round || (round === mark.round && attempt > mark.attempt);
      if (isNews) marks.set(deliveryId, { round, attempt: Math.max(attempt, mark?.attempt ?? 0) });
    },
    attemptsOf: (deliveryId) => Math.max(marks.get(deliveryId)?.attempt ?? 0, ends.get(deliveryId)?.attempt ?? 0),
    end: ({ deliveryId, round, attempt }) => {
      if (round > (ends.get(deliveryId)?.round ?? 0)) ends.set(deliveryId, { round, attempt });
    },
  };
};
