import type { DeliveryRecord } from '@bellwire/contracts';
import type { Task } from '@bellwire/messaging';
import type { AttemptMemory, Stale } from './attempt-memory.ts';

/** A delivery that the deliverer works on: its record, with the attempt number under which it goes on. */
export interface InHand {
  readonly task: Task<DeliveryRecord>;
  readonly delivery: DeliveryRecord;
  /** Its next step is on the log: settles the record, and those that repeat it. */
  settle(onCommitted?: () => void): void;
  /**
   * It waits in a tier now, and that is on the log: settles the record, and those that repeat it. One that has come from
   * there before we knew that it was written is not a repeat: it is looked at anew.
   */
  moveOn(): void;
  /** Nothing was begun for it: it stays on the log for the next owner, and so do those that repeat it. */
  release(): void;
  /** A bug: see Task. Those that repeat it fail with it. */
  fail(error: unknown): void;
}

/** A record was dropped: it does nothing any more, or repeats one that is worked on. */
export type Dropped = Stale | 'repeat';

/** The deliveries that this process works on. What it knows of them ends with its work. */
export interface HandsOn {
  /**
   * Undefined where the record is dropped: then it is settled, or will be with the one that it repeats.
   *
   * @param lookAgain called where it turns out to be no repeat
   */
  take(task: Task<DeliveryRecord>, lookAgain: (task: Task<DeliveryRecord>) => void): InHand | undefined;
  /** It has become stale meanwhile: then it is settled. */
  isOver(inHand: InHand): boolean;
  /** Its attempt is under way. */
  begin(inHand: InHand): void;
  /** How many attempts of a delivery were made, or are under way, before a round. */
  attemptsBefore(step: Pick<DeliveryRecord, 'deliveryId' | 'round'>): number;
  /** Releases repeats that are not ours any more. What waits in lines is released by those who keep the lines. */
  letGo(): void;
}

export interface HandsOnDeps {
  memory: Pick<AttemptMemory, 'staleness' | 'attemptsOf'>;
  onDropped(reason: Dropped): void;
}

interface Repeat {
  readonly task: Task<DeliveryRecord>;
  lookAgain(task: Task<DeliveryRecord>): void;
}

interface Hand extends InHand {
  /** Of the record: the delivery's may be higher. */
  readonly recordAttempt: number;
  readonly repeats: Repeat[];
  isBegun: boolean;
}

/** The one named by the record where a later one is worked on already: that one is on the log, and so is its own next step. */
const supersededBy = (others: readonly Hand[], { round, attempt }: DeliveryRecord): Stale | undefined => {
  if (others.some((other) => other.delivery.round > round)) return 'older_round';
  const isMade = others.some((other) => other.delivery.round === round && other.recordAttempt > attempt);
  return isMade ? 'attempt_made' : undefined;
};

/**
 * Keeps apart what is worked on. A record that repeats one in hand (the log may hold a step twice) is settled with that one,
 * never before: until then it may be all that is left of the delivery.
 */
export const makeHandsOn = ({ memory, onDropped }: HandsOnDeps): HandsOn => {
  const hands = new Map<string, readonly Hand[]>();
  const of = (deliveryId: string): readonly Hand[] => hands.get(deliveryId) ?? [];

  const remove = (hand: Hand): void => {
    const { deliveryId } = hand.delivery;
    const rest = of(deliveryId).filter((other) => other !== hand);
    if (rest.length === 0) hands.delete(deliveryId);
    else hands.set(deliveryId, rest);
  };

  const attemptsBefore: HandsOn['attemptsBefore'] = ({ deliveryId, round }) => {
    const begun = of(deliveryId).filter((hand) => hand.isBegun && hand.delivery.round < round);
    return Math.max(memory.attemptsOf(deliveryId), ...begun.map((hand) => hand.delivery.attempt));
  };

  /** A new round goes on counting above what was made, whatever its writer knew. */
  const numbered = (record: DeliveryRecord): DeliveryRecord => {
    const attempt = Math.max(record.attempt, attemptsBefore(record) + 1);
    return { ...record, attempt, roundFirstAttempt: record.roundFirstAttempt + attempt - record.attempt };
  };

  const withRepeats = (hand: Hand, end: (task: Task<DeliveryRecord>) => void): void => {
    remove(hand);
    for (const each of [hand, ...hand.repeats]) end(each.task);
  };

  const open = (task: Task<DeliveryRecord>): Hand => {
    const delivery = numbered(task.value);
    const hand: Hand = {
      task,
      delivery,
      recordAttempt: task.value.attempt,
      repeats: [],
      isBegun: false,
      settle(onCommitted) {
        remove(hand);
        task.settle(onCommitted);
        for (const repeat of hand.repeats) repeat.task.settle();
      },
      moveOn() {
        remove(hand);
        task.settle();
        for (const repeat of hand.repeats) {
          if (repeat.task.value.spills > delivery.spills) repeat.lookAgain(repeat.task);
          else repeat.task.settle();
        }
      },
      release: () => withRepeats(hand, (each) => each.release()),
      fail: (error) => withRepeats(hand, (each) => each.fail(error)),
    };
    hands.set(delivery.deliveryId, [...of(delivery.deliveryId), hand]);
    return hand;
  };

  return {
    take: (task, lookAgain) => {
      const { value: record } = task;
      const others = of(record.deliveryId);
      const same = others.find((hand) => hand.delivery.round === record.round && hand.recordAttempt === record.attempt);
      const stale = memory.staleness(record) ?? supersededBy(others, record);
      if (stale === undefined && same === undefined) return open(task);
      if (stale === undefined) same?.repeats.push({ task, lookAgain });
      else task.settle();
      onDropped(stale ?? 'repeat');
      return undefined;
    },
    isOver: (inHand) => {
      const { delivery, task } = inHand;
      const others = of(delivery.deliveryId).filter((other) => other.task !== task);
      const stale = memory.staleness(delivery) ?? supersededBy(others, delivery);
      if (stale === undefined) return false;
      onDropped(stale);
      inHand.settle();
      return true;
    },
    begin: ({ delivery, task }) => {
      const hand = of(delivery.deliveryId).find((each) => each.task === task);
      if (hand !== undefined) hand.isBegun = true;
    },
    attemptsBefore,
    letGo: () => {
      for (const all of hands.values())
        for (const { repeats } of all) for (const { task } of repeats) if (!task.isCurrent()) task.release();
    },
  };
};
