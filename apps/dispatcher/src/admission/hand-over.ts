import type { DeliveryRecord } from '@bellwire/contracts';
import type { Clock, DeliveryReason, Tier } from '@bellwire/domain';
import type { NewRecord } from '@bellwire/messaging';
import type { InHand } from '../attempts/in-hand.ts';
import type { OperationalEvents } from '../telling/operational-events.ts';
import type { Append } from '../ports.ts';
import { deadLetterRecord, endsExactly, toTier, transitionRecord } from '../writing/records.ts';

export interface HandOverDeps {
  append: Append;
  clock: Clock;
  tiers: readonly Tier[];
  events: Pick<OperationalEvents, 'deadLettered'>;
}

/** Waits that an edit can end hop at most this long at a time, so that the edit takes effect soon. */
const longestHopMs = 30 * 60 * 1000;
/** Of a wait whose end nobody knows: 10 s, then 20, 40, ... up to the longest. */
const firstHopMs = 10 * 1000;
/** Whose hops are this many has waited long: it hops longer, and costs the log less. */
const manySpills = 6;

/** A tier has let it go before it was due by our clock, now or before: its own is ahead. */
const isLetGoEarly = ({ holdMs, dueAtMs }: DeliveryRecord, nowMs: number): boolean => holdMs > 0 || dueAtMs > nowMs;

/** What the deliverer does with a delivery without making an attempt. Each settles the record when the log has it. */
export const makeHandOver = ({ append, clock, tiers, events }: HandOverDeps) => {
  const finish = (inHand: InHand, records: readonly NewRecord[]): void => {
    append(records).then(() => inHand.settle(), inHand.fail);
  };

  const moveOn = (inHand: InHand, records: readonly NewRecord[]): void => {
    append(records).then(() => inHand.moveOn(), inHand.fail);
  };

  /** Into a tier for a while, its attempt count unchanged. */
  const waiting = (inHand: InHand, waitReason: DeliveryReason, hopMs: number, slotAtMs: number): NewRecord => {
    const { task, delivery } = inHand;
    const nowMs = clock.now();
    const dueAtMs = Math.ceil(nowMs + hopMs);
    const holdMs = isLetGoEarly(delivery, nowMs) ? Math.max(1, Math.ceil(hopMs)) : 0;
    const later = { ...delivery, dueAtMs, holdMs, waitReason, spills: delivery.spills + 1, slotAtMs };
    return toTier(tiers, later, nowMs, task.record.headers);
  };

  /** Says so in its history, once for each reason. */
  const wait = (
    inHand: InHand,
    reason: DeliveryReason,
    waitMs: number,
    known?: { untilMs: number; slotAtMs: number },
  ): void => {
    const { task, delivery } = inHand;
    const hopMs = Math.min(Math.max(waitMs, 0), longestHopMs);
    const records = [waiting(inHand, reason, hopMs, known?.slotAtMs ?? 0)];
    if (delivery.waitReason !== reason) {
      const atMs = clock.now();
      const nextAttemptAtMs = known && Math.ceil(known.untilMs);
      const to = { status: 'held', reason, attemptCount: delivery.attempt - 1, nextAttemptAtMs, atMs } as const;
      records.push(transitionRecord(delivery, to, task.record.headers));
    }
    moveOn(inHand, records);
  };

  return {
    /** Its endpoint is deleted: nothing is owed any more. */
    cancel: (inHand: InHand, reason: DeliveryReason): void => {
      const { task, delivery } = inHand;
      const to = { status: 'cancelled', reason, attemptCount: delivery.attempt - 1, atMs: clock.now() } as const;
      finish(inHand, [transitionRecord(delivery, to, task.record.headers)]);
    },

    /** Its endpoint takes nothing until somebody edits it: looked at again after 10 s, then 20, 40, ... up to 30 minutes. */
    hold: (inHand: InHand, reason: DeliveryReason): void => {
      wait(inHand, reason, firstHopMs * 2 ** Math.min(inHand.delivery.spills, 10));
    },

    /** Its endpoint takes nothing until then, if nobody edits it. */
    waitUntil: (inHand: InHand, reason: DeliveryReason, untilMs: number, slotAtMs = 0): void => {
      const leastMs = inHand.delivery.spills > manySpills ? firstHopMs * 2 ** (inHand.delivery.spills - manySpills) : 0;
      const isExact = endsExactly({ ...inHand.delivery, slotAtMs, waitReason: reason });
      wait(inHand, reason, Math.max(untilMs - clock.now(), isExact ? 0 : leastMs), { untilMs, slotAtMs });
    },

    /** There is no slot for it in time: it waits for its turn. */
    spill: (inHand: InHand, waitMs: number): void => {
      const shortestMs = tiers[0]?.delayMs ?? 0;
      const hopMs = Math.min(Math.max(waitMs, shortestMs), longestHopMs);
      moveOn(inHand, [waiting(inHand, 'saturated', hopMs, 0)]);
    },

    /** It would have been sent, but a rule of its endpoint says that it is not. */
    skip: (inHand: InHand, reason: DeliveryReason): void => {
      const { task, delivery } = inHand;
      const to = { status: 'skipped', reason, attemptCount: delivery.attempt - 1, atMs: clock.now() } as const;
      finish(inHand, [transitionRecord(delivery, to, task.record.headers)]);
    },

    pastDeadline: (inHand: InHand): void => {
      const { task, delivery } = inHand;
      const { headers } = task.record;
      const facts = { reason: 'deadline', attemptCount: delivery.attempt - 1, atMs: clock.now() } as const;
      finish(inHand, [
        deadLetterRecord(delivery, facts, headers),
        transitionRecord(delivery, { ...facts, status: 'dead_lettered' }, headers),
        ...events.deadLettered(delivery, facts, headers),
      ]);
    },
  };
};

export type HandOver = ReturnType<typeof makeHandOver>;
