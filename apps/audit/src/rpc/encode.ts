import { Outcome, toProto, type Attempt, type DeadLetter, type Delivery, type Event } from '@bellwire/contracts';
import { isDeliveryStatus } from '@bellwire/domain';
import type { FoundAttempt, FoundDeadLetter, FoundDelivery } from '../store/deliveries.ts';
import type { FoundEvent } from '../store/events.ts';
import type { Viewer } from '../store/reading.ts';

// Rows as they go over the wire.

const statusOf = (word: string): Delivery['status'] =>
  isDeliveryStatus(word) ? toProto.status[word] : 'DELIVERY_STATUS_UNSPECIFIED';

const isOutcome = (word: string): word is keyof typeof toProto.outcome => Object.hasOwn(toProto.outcome, word);

const outcomeOf = (word: string | null): Outcome =>
  word !== null && isOutcome(word) ? toProto.outcome[word] : Outcome.UNSPECIFIED;

/** JSON that we wrote ourselves: an object whose values pass the test. */
const objectOf = <Value>(text: string | null, isValue: (value: unknown) => value is Value): Record<string, Value> => {
  const object: Record<string, Value> = {};
  const parsed: unknown = text === null ? undefined : JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) return object;
  for (const [name, value] of Object.entries(parsed)) if (isValue(value)) object[name] = value;
  return object;
};
const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';

/** As in lists: without its deliveries. */
export const eventOf = (row: FoundEvent): Event => ({
  id: row.id,
  type: row.type,
  subject: row.subject ?? undefined,
  data: row.data ?? '',
  occurredAt: row.occurred_at ?? undefined,
  acceptedAt: row.accepted_at,
  deliveries: [],
  orderingKey: row.ordering_key ?? undefined,
  actionUrls: objectOf(row.action_urls, isText),
  excludedCounts: {},
});

export const eventWith = (viewer: Viewer, row: FoundEvent, deliveries: readonly FoundDelivery[]): Event => ({
  ...eventOf(row),
  deliveries: deliveries.map(({ id, endpoint_id, status, reason }) => ({
    id,
    endpointId: endpoint_id,
    status: statusOf(status),
    reason: reason ?? '',
  })),
  // They count endpoints of others too: not for a subject to see.
  excludedCounts: viewer.subject === undefined ? objectOf(row.excluded_counts, isNumber) : {},
});

const attemptOf = (row: FoundAttempt, delivery: FoundDelivery): Attempt => ({
  tenantId: row.tenant_id,
  deliveryId: row.delivery_id,
  endpointId: row.endpoint_id,
  eventId: delivery.event_id,
  eventType: delivery.event_type,
  subject: delivery.subject ?? undefined,
  endpointSubject: delivery.endpoint_subject ?? undefined,
  acceptedAtMs: delivery.accepted_at.getTime(),
  attemptId: row.id,
  number: row.number,
  round: row.round,
  startedAtMs: row.started_at.getTime(),
  durationMs: row.duration_ms,
  outcome: outcomeOf(row.outcome),
  responseStatus: row.response_status ?? undefined,
  responseHeaders: objectOf(row.response_headers, isText),
  responseBody: row.response_body ?? undefined,
  error: row.error ?? undefined,
  timings: objectOf(row.timings, isNumber),
  traceId: row.trace_id,
  status: statusOf(row.status),
  reason: row.reason,
  nextAttemptAtMs: row.next_attempt_at?.getTime(),
  test: row.is_test,
});

export const deliveryOf = (row: FoundDelivery, attempts: readonly FoundAttempt[] = []): Delivery => ({
  id: row.id,
  eventId: row.event_id,
  eventType: row.event_type,
  endpointId: row.endpoint_id,
  subject: row.subject ?? undefined,
  endpointSubject: row.endpoint_subject ?? undefined,
  status: statusOf(row.status),
  reason: row.reason,
  round: row.round,
  attemptCount: row.attempt_count,
  nextAttemptAt: row.next_attempt_at ?? undefined,
  createdAt: row.accepted_at,
  completedAt: row.completed_at ?? undefined,
  attempts: attempts.map((attempt) => attemptOf(attempt, row)),
});

/** The letter may come after the state that it is about, or be of an earlier round: then the delivery alone speaks. */
export const deadLetterOf = (
  delivery: FoundDelivery,
  letter: FoundDeadLetter | undefined,
  attempts: readonly FoundAttempt[] = [],
): DeadLetter => {
  const current = letter?.round === delivery.round ? letter : undefined;
  return {
    delivery: deliveryOf(delivery, attempts),
    deadLetteredAt: current?.dead_lettered_at ?? delivery.completed_at ?? undefined,
    lastOutcome: outcomeOf(current?.last_outcome ?? null),
    lastResponseStatus: current?.last_response_status ?? undefined,
    lastError: current?.last_error ?? undefined,
  };
};
