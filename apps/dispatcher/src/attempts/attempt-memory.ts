import { LRUCache } from 'lru-cache';

/** What names one step of a delivery. */
interface Step {
  deliveryId: string;
  round: number;
  attempt: number;
}

/** The (round, attempt) that a delivery has come to in this process, and the last attempt that was made. */
interface Mark {
  round: number;
  attempt: number;
  made: number;
}

/**
 * Remembers how far deliveries have come, so that a repeated record does nothing: a record of an older round, or of one that
 * was ended, or not above the last attempt, is stale. A new round goes on counting above the last attempt that was made,
 * whatever its writer knew.
 */
export interface AttemptMemory {
  /** The attempt number under which the record goes on, or undefined if it is stale. */
  take(step: Step): number | undefined;
  /** The taken attempt is made now; false where it must not be, for its round was ended or superseded meanwhile. */
  start(step: Step): boolean;
  /** The taken attempt was not made after all (spilled, held): it may come again. */
  giveBack(step: Step): void;
  /** Ends the round: nothing of it is taken or started any more. Returns how many attempts were made, over all rounds. */
  end(step: Step): number;
  /** Another process has made this attempt of it. */
  learn(step: Step): void;
  /** Another process has ended its round after this attempt. */
  learnEnd(step: Step): void;
}

/** @param size deliveries remembered, and as many ended ones, the least recently touched forgotten first */
export const makeAttemptMemory = (size: number): AttemptMemory => {
  const marks = new LRUCache<string, Mark>({ max: size });
  const ends = new LRUCache<string, Pick<Mark, 'round' | 'made'>>({ max: size });

  const isEnded = ({ deliveryId, round }: Step): boolean => round <= (ends.get(deliveryId)?.round ?? 0);
  const isAbove = ({ round, attempt }: Step, mark: Mark | undefined): boolean =>
    mark === undefined || round > mark.round || (round === mark.round && attempt > mark.attempt);
  const madeOf = (deliveryId: string): number =>
    Math.max(marks.get(deliveryId)?.made ?? 0, ends.get(deliveryId)?.made ?? 0);
  const end = (deliveryId: string, round: number, made: number): void => {
    if (round > (ends.get(deliveryId)?.round ?? 0)) ends.set(deliveryId, { round, made });
  };

  return {
    take: (step) => {
      const { deliveryId, round } = step;
      if (isEnded(step) || !isAbove(step, marks.get(deliveryId))) return undefined;
      // What comes before the attempt in the record was made, by whomever.
      const made = Math.max(madeOf(deliveryId), step.attempt - 1);
      const attempt = made + 1;
      marks.set(deliveryId, { round, attempt, made });
      return attempt;
    },
    start: (step) => {
      const { deliveryId, round, attempt } = step;
      const mark = marks.get(deliveryId);
      if (isEnded(step) || (mark !== undefined && (mark.round > round || mark.made >= attempt))) return false;
      marks.set(deliveryId, { round, attempt, made: attempt });
      return true;
    },
    giveBack: ({ deliveryId, round, attempt }) => {
      const mark = marks.get(deliveryId);
      if (mark?.round === round && mark.attempt === attempt) marks.set(deliveryId, { ...mark, attempt: attempt - 1 });
    },
    end: ({ deliveryId, round, attempt }) => {
      const made = Math.max(madeOf(deliveryId), attempt - 1);
      end(deliveryId, round, made);
      return made;
    },
    learn: (step) => {
      const { deliveryId, round, attempt } = step;
      if (isAbove(step, marks.get(deliveryId))) marks.set(deliveryId, { round, attempt, made: attempt });
    },
    learnEnd: ({ deliveryId, round, attempt }) => end(deliveryId, round, attempt),
  };
};
