import { sql, type RawBuilder } from 'kysely';
import type { Attempt, DeadDelivery, DeliveryRecord, FanOut, Transition } from '@bellwire/contracts';
import { isTerminal, statusRank, type DeliveryStatus } from '@bellwire/domain';
import { dayOf } from './days.ts';
import { deliveryAcceptedAt, statusWord } from './history-record.ts';
import { storable, storableIfAny, type DeliveryRow } from './rows.ts';

interface State {
  round: number;
  /** Attempts made when the delivery came into this state. */
  attempt: number;
  status: DeliveryStatus;
  reason: string;
  atMs: number;
  nextAttemptAtMs: number | undefined;
}

const sortable = (count: number, width: number): string =>
  Math.max(0, Number.isFinite(count) ? Math.floor(count) : 0)
    .toString(36)
    .padStart(width, '0');

/**
 * A text that compares states: the greatest is the state of the delivery, so rows do not depend on the order in which
 * records arrive, and never go backwards. Postgres compares it by byte, as JavaScript does.
 *
 * | characters | what                                                                                       |
 * | ---------- | ------------------------------------------------------------------------------------------ |
 * | 7          | round, base 36                                                                             |
 * | 7          | attempts made, base 36                                                                     |
 * | 1          | rank of a terminal status, else 0                                                          |
 * | 9          | when, in milliseconds, base 36                                                             |
 * | 1          | rank of any status                                                                         |
 * | 9          | next attempt, base 36                                                                      |
 * | rest       | reason                                                                                     |
 *
 * Among the states that do not end a round the later one wins, and not the greater rank: a delivery that waits for its
 * retry (rank 2) becomes held (rank 1) when its endpoint is disabled, at the same round and attempt. Rank decides where
 * the times are equal. The last two only make the order total.
 */
export const stateOrder = ({ round, attempt, status, reason, atMs, nextAttemptAtMs = 0 }: State): string =>
  sortable(round, 7) +
  sortable(attempt, 7) +
  sortable(isTerminal(status) ? statusRank[status] : 0, 1) +
  sortable(atMs, 9) +
  sortable(statusRank[status], 1) +
  sortable(nextAttemptAtMs, 9) +
  reason;

/** Where in the order of a state its time is, and how long that is. */
const timeAt = { first: 15, length: 9 };

/** When the delivery came into the state, in milliseconds since 1970. */
export const changedAt = (order: string): number =>
  Number.parseInt(order.slice(timeAt.first, timeAt.first + timeAt.length), 36);

/** A condition of SQL on the column state_order: the delivery came into its state before that time. */
export const changedBefore = (timeMs: number): RawBuilder<boolean> =>
  sql`substr(state_order, ${timeAt.first + 1}, ${timeAt.length}) < ${sortable(timeMs, timeAt.length)}`;

interface Identity {
  tenantId: string;
  deliveryId: string;
  endpointId: string;
  eventId: string;
  eventType: string;
  subject?: string | undefined;
  endpointSubject?: string | undefined;
  acceptedAtMs: number;
}

const rowOf = (identity: Identity, given: State, isTest = false): DeliveryRow => {
  const state = { ...given, reason: storable(given.reason) };
  const acceptedAtMs = deliveryAcceptedAt(identity.deliveryId, identity.acceptedAtMs);
  return {
    day: dayOf(acceptedAtMs),
    id: identity.deliveryId,
    tenantId: identity.tenantId,
    endpointId: identity.endpointId,
    eventId: identity.eventId,
    eventType: storable(identity.eventType),
    subject: storableIfAny(identity.subject),
    endpointSubject: storableIfAny(identity.endpointSubject),
    acceptedAtMs,
    isTest,
    status: state.status,
    reason: state.reason,
    round: state.round,
    nextAttemptAtMs: isTerminal(state.status) ? undefined : state.nextAttemptAtMs,
    completedAtMs: isTerminal(state.status) ? state.atMs : undefined,
    stateOrder: stateOrder(state),
    attemptCount: state.attempt,
  };
};

export const deliveriesOfFanOut = (fanOut: FanOut): readonly DeliveryRow[] =>
  fanOut.planned.map(({ deliveryId, endpointId, endpointSubject, status, reason }) =>
    rowOf(
      { ...fanOut, deliveryId, endpointId, endpointSubject },
      {
        round: 1,
        attempt: 0,
        status: statusWord(status),
        reason,
        atMs: fanOut.plannedAtMs,
        nextAttemptAtMs: undefined,
      },
    ),
  );

/** When the request ended, in whole milliseconds. */
const endOf = ({ startedAtMs, durationMs }: Attempt): number =>
  startedAtMs + (Number.isFinite(durationMs) ? Math.round(durationMs) : 0);

export const deliveryOfAttempt = (attempt: Attempt): DeliveryRow => {
  const { round, number, reason, nextAttemptAtMs } = attempt;
  const state = { round, attempt: number, status: statusWord(attempt.status), reason, nextAttemptAtMs };
  return rowOf(attempt, { ...state, atMs: endOf(attempt) }, attempt.test);
};

export const deliveryOfTransition = (transition: Transition): DeliveryRow => {
  const { round, attemptCount, reason, nextAttemptAtMs, atMs } = transition;
  const status = statusWord(transition.status);
  return rowOf(transition, { round, attempt: attemptCount, status, reason, nextAttemptAtMs, atMs });
};

export const deliveryOfDeadLetter = (dead: DeadDelivery, delivery: DeliveryRecord): DeliveryRow => {
  const { attemptCount, reason, deadLetteredAtMs } = dead;
  return rowOf(delivery, {
    round: delivery.round,
    attempt: attemptCount,
    status: 'dead_lettered',
    reason,
    atMs: deadLetteredAtMs,
    nextAttemptAtMs: undefined,
  });
};

/** What two rows of one delivery say together, in whichever order. The store merges by the same rule. */
export const mergeDeliveries = (one: DeliveryRow, other: DeliveryRow): DeliveryRow => ({
  ...(other.stateOrder > one.stateOrder ? other : one),
  attemptCount: Math.max(one.attemptCount, other.attemptCount),
  isTest: one.isTest || other.isTest,
});
