import type { DeliveryRecord } from '@bellwire/contracts';
import { tierFor, type Clock, type DeliveryReason, type Tier } from '@bellwire/domain';
import type { NewRecord, Task } from '@bellwire/messaging';
import type { AttemptMemory } from './attempt-memory.ts';
import type { OperationalEvents } from './operational-events.ts';
import type { Append } from './ports.ts';
import { deadLetterRecord, toTier, transitionRecord } from './records.ts';

export interface HandOverDeps {
  append: Append;
  memory: AttemptMemory;
  clock: Clock;
  tiers: readonly Tier[];
  events: Pick<OperationalEvents, 'deadLettered'>;
  onFailure(error: unknown): void;
}

/** A delivery that the deliverer has in hand: its record, with the attempt number under which it goes on. */
export interface InHand {
  task: Task<DeliveryRecord>;
  delivery: DeliveryRecord;
}

/** Waits that an edit can end hop at most this long at a time, so that the edit takes effect soon. */
const longestHopMs = 30 * 60 * 1000;
const firstHopMs = 60 * 1000;

/** What the deliverer does with a delivery without making an attempt. Each settles the record when the log has it. */
export const makeHandOver = ({ append, memory, clock, tiers, events, onFailure }: HandOverDeps) => {
  const finish = (task: Task<DeliveryRecord>, records: readonly NewRecord[]): void => {
    append(records).then(() => task.settle(), onFailure);
  };

  /** Into a tier for a while, its attempt count unchanged. */
  const waiting = ({ task, delivery }: InHand, waitReason: DeliveryReason, hopMs: number): NewRecord => {
    memory.giveBack(delivery);
    const nowMs = clock.now();
    const later = { ...delivery, dueAtMs: nowMs + hopMs, waitReason, spills: delivery.spills + 1 };
    return toTier(tiers, later, nowMs, task.record.headers);
  };

  return {
    /** Its endpoint is deleted: nothing is owed any more. */
    cancel: ({ task, delivery }: InHand, reason: DeliveryReason): void => {
      const to = { status: 'cancelled', reason, attemptCount: delivery.attempt - 1, atMs: clock.now() } as const;
      finish(task, [transitionRecord(delivery, to, task.record.headers)]);
    },

    /** Its endpoint takes nothing at the moment: looked at again after a minute, then 2, 4, ... up to 30. */
    hold: (inHand: InHand, reason: DeliveryReason): void => {
      const { task, delivery } = inHand;
      const hopMs = Math.min(firstHopMs * 2 ** Math.min(delivery.spills, 10), longestHopMs);
      const records = [waiting(inHand, reason, hopMs)];
      if (delivery.waitReason !== reason) {
        const to = { status: 'held', reason, attemptCount: delivery.attempt - 1, atMs: clock.now() } as const;
        records.push(transitionRecord(delivery, to, task.record.headers));
      }
      finish(task, records);
    },

    /** There is no slot for it in time: it waits about as long as the backlog before it takes. */
    spill: (inHand: InHand, waitMs: number): void => {
      const hopMs = tierFor(tiers, Math.min(waitMs, longestHopMs)).delayMs;
      finish(inHand.task, [waiting(inHand, 'saturated', hopMs)]);
    },

    pastDeadline: ({ task, delivery }: InHand): void => {
      const { headers } = task.record;
      const facts = { reason: 'deadline', attemptCount: delivery.attempt - 1, atMs: clock.now() } as const;
      finish(task, [
        deadLetterRecord(delivery, facts, headers),
        transitionRecord(delivery, { ...facts, status: 'dead_lettered' }, headers),
        ...events.deadLettered(delivery, facts, headers),
      ]);
    },
  };
};

export type HandOver = ReturnType<typeof makeHandOver>;
