import {
  fromProto,
  type Attempt,
  type DeadDelivery,
  type DeliveryRecord,
  type EventRecord,
  type FanOut,
} from '@bellwire/contracts';
import type { LogRecord } from '@bellwire/messaging';
import { dayOf } from './days.ts';
import {
  deliveriesOfFanOut,
  deliveryOfAttempt,
  deliveryOfDeadLetter,
  deliveryOfTransition,
  mergeDeliveries,
} from './delivery-state.ts';
import { deliveryAcceptedAt, statusWord, type HistoryRecord } from './history-record.ts';
import {
  storable,
  storableIfAny,
  type AttemptRow,
  type DeadLetterRow,
  type DeliveryRow,
  type EventRow,
  type ProgressRow,
  type Rows,
  type UnreadableRow,
} from './rows.ts';

/** Something that a record of the log says; nothing where it is past the retention. */
export interface Gathered {
  readonly record: Pick<LogRecord, 'topic' | 'partition' | 'offset' | 'timestampMs'>;
  readonly change: HistoryRecord | undefined;
  /** It is the last that the record says. */
  readonly isLast: boolean;
}

const eventOf = (event: EventRecord): EventRow => ({
  day: dayOf(event.acceptedAtMs),
  id: event.eventId,
  tenantId: event.tenantId,
  type: storable(event.type),
  subject: storableIfAny(event.subject),
  acceptedAtMs: event.acceptedAtMs,
  content: {
    data: storable(event.data),
    occurredAtMs: event.occurredAtMs,
    orderingKey: storableIfAny(event.orderingKey),
    idempotencyKey: storableIfAny(event.idempotencyKey),
    actionUrls: JSON.stringify(event.actionUrls),
  },
  plan: undefined,
});

const plannedEventOf = (fanOut: FanOut): EventRow => ({
  day: dayOf(fanOut.acceptedAtMs),
  id: fanOut.eventId,
  tenantId: fanOut.tenantId,
  type: storable(fanOut.eventType),
  subject: storableIfAny(fanOut.subject),
  acceptedAtMs: fanOut.acceptedAtMs,
  content: undefined,
  plan: {
    plannedAtMs: fanOut.plannedAtMs,
    registryPosition: fanOut.registryPosition,
    excludedCounts: JSON.stringify(fanOut.excludedCounts),
    excluded: JSON.stringify(fanOut.excluded),
  },
});

/** The content that was accepted first and the plan that was made first; the store merges by the same rule. */
export const mergeEvents = (one: EventRow, other: EventRow): EventRow => {
  const takesContent =
    other.content !== undefined && (one.content === undefined || other.acceptedAtMs < one.acceptedAtMs);
  const takesPlan =
    other.plan !== undefined && (one.plan === undefined || other.plan.plannedAtMs < one.plan.plannedAtMs);
  return { ...(takesContent ? other : one), plan: takesPlan ? other.plan : one.plan };
};

const attemptOf = (attempt: Attempt): AttemptRow => ({
  day: dayOf(deliveryAcceptedAt(attempt.deliveryId, attempt.acceptedAtMs)),
  id: attempt.attemptId,
  tenantId: attempt.tenantId,
  deliveryId: attempt.deliveryId,
  endpointId: attempt.endpointId,
  number: attempt.number,
  round: attempt.round,
  startedAtMs: attempt.startedAtMs,
  durationMs: attempt.durationMs,
  outcome: fromProto.outcome(attempt.outcome),
  responseStatus: attempt.responseStatus,
  responseHeaders: JSON.stringify(attempt.responseHeaders),
  responseBody: storableIfAny(attempt.responseBody),
  error: storableIfAny(attempt.error),
  timings: JSON.stringify(attempt.timings),
  traceId: attempt.traceId,
  status: statusWord(attempt.status),
  reason: storable(attempt.reason),
  nextAttemptAtMs: attempt.nextAttemptAtMs,
  isTest: attempt.test,
});

const deadLetterOf = (dead: DeadDelivery, delivery: DeliveryRecord): DeadLetterRow => ({
  day: dayOf(deliveryAcceptedAt(delivery.deliveryId, delivery.acceptedAtMs)),
  id: delivery.deliveryId,
  tenantId: delivery.tenantId,
  round: delivery.round,
  reason: storable(dead.reason),
  attemptCount: dead.attemptCount,
  deadLetteredAtMs: dead.deadLetteredAtMs,
  lastOutcome: fromProto.outcome(dead.lastOutcome),
  lastResponseStatus: dead.lastResponseStatus,
  lastError: storableIfAny(dead.lastError),
});

/** The letter of the last round; within a round the last one. */
export const mergeDeadLetters = (one: DeadLetterRow, other: DeadLetterRow): DeadLetterRow => {
  const isLater =
    other.round > one.round || (other.round === one.round && other.deadLetteredAtMs > one.deadLetteredAtMs);
  return isLater ? other : one;
};

const mergeProgress = (one: ProgressRow, other: ProgressRow): ProgressRow => ({
  ...one,
  nextOffset: Math.max(one.nextOffset, other.nextOffset),
  recordedUntilMs: Math.max(one.recordedUntilMs, other.recordedUntilMs),
});

/** Rows by key, merged where two have the same. */
const folding = <Row>(keyOf: (row: Row) => string, merge: (one: Row, other: Row) => Row) => {
  const rows = new Map<string, Row>();
  return {
    add(row: Row): void {
      const key = keyOf(row);
      const known = rows.get(key);
      rows.set(key, known === undefined ? row : merge(known, row));
    },
    /** In order of key: two processes that write the same rows lock them in the same order. */
    sorted: (): Row[] => [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
  };
};

const byDay = (row: { day: number; id: string }): string => `${row.day}/${row.id}`;
const keepFirst = <Row>(one: Row): Row => one;

/** Everything that a batch says, one row per key: a statement may touch a row only once. */
export const foldBatch = (batch: readonly Gathered[]): Rows => {
  const events = folding<EventRow>(byDay, mergeEvents);
  const deliveries = folding<DeliveryRow>(byDay, mergeDeliveries);
  const attempts = folding<AttemptRow>(byDay, keepFirst);
  const deadLetters = folding<DeadLetterRow>(byDay, mergeDeadLetters);
  const unreadable = folding<UnreadableRow>((row) => `${row.topic}/${row.partition}/${row.offset}`, keepFirst);
  const progress = folding<ProgressRow>((row) => `${row.topic}/${row.partition}`, mergeProgress);

  const add = (change: HistoryRecord): void => {
    switch (change.kind) {
      case 'event':
        return events.add(eventOf(change.value));
      case 'fan_out':
        // The event is planned with the last of its records.
        if (!change.value.isPart) events.add(plannedEventOf(change.value));
        return deliveriesOfFanOut(change.value).forEach(deliveries.add);
      case 'attempt':
        attempts.add(attemptOf(change.value));
        return deliveries.add(deliveryOfAttempt(change.value));
      case 'transition':
        return deliveries.add(deliveryOfTransition(change.value));
      case 'dead_delivery':
        deadLetters.add(deadLetterOf(change.value, change.delivery));
        return deliveries.add(deliveryOfDeadLetter(change.value, change.delivery));
      case 'unreadable':
        return unreadable.add({
          ...change.value,
          topic: storable(change.value.topic),
          error: storable(change.value.error),
          kind: storable(change.value.kind),
          consumerGroup: storable(change.value.consumerGroup),
        });
    }
  };

  for (const { record, change, isLast } of batch) {
    const { topic, partition, offset, timestampMs } = record;
    if (isLast) progress.add({ topic, partition, nextOffset: offset + 1, recordedUntilMs: timestampMs });
    if (change !== undefined) add(change);
  }
  return {
    events: events.sorted(),
    deliveries: deliveries.sorted(),
    attempts: attempts.sorted(),
    deadLetters: deadLetters.sorted(),
    unreadable: unreadable.sorted(),
    progress: progress.sorted(),
  };
};
