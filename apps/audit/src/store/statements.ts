import type { AttemptRow, DeadLetterRow, DeliveryRow, EventRow, ProgressRow, UnreadableRow } from '../rows.ts';
import { insertFrom, takeWhen } from './insert.ts';

// The hot inserts. Each is idempotent, and a replay writes nothing: the WHERE of a conflict leaves an equal row untouched.

const takesContent = '(excluded.data is not null and (kept.data is null or excluded.accepted_at < kept.accepted_at))';
const takesPlan =
  '(excluded.planned_at is not null and (kept.planned_at is null or excluded.planned_at < kept.planned_at))';
const ofContent = [
  'type',
  'subject',
  'accepted_at',
  'data',
  'occurred_at',
  'ordering_key',
  'idempotency_key',
  'action_urls',
];
const ofPlan = ['planned_at', 'registry_position', 'excluded_counts', 'excluded'];

export const upsertEvents = insertFrom<EventRow>(
  'audit.events',
  {
    accepted_day: ['day', (row) => row.day],
    id: ['text', (row) => row.id],
    tenant_id: ['text', (row) => row.tenantId],
    type: ['text', (row) => row.type],
    subject: ['text', (row) => row.subject],
    accepted_at: ['time', (row) => row.acceptedAtMs],
    data: ['text', (row) => row.content?.data],
    occurred_at: ['time', (row) => row.content?.occurredAtMs],
    ordering_key: ['text', (row) => row.content?.orderingKey],
    idempotency_key: ['text', (row) => row.content?.idempotencyKey],
    action_urls: ['text', (row) => row.content?.actionUrls],
    planned_at: ['time', (row) => row.plan?.plannedAtMs],
    registry_position: ['bigint', (row) => row.plan?.registryPosition],
    excluded_counts: ['text', (row) => row.plan?.excludedCounts],
    excluded: ['text', (row) => row.plan?.excluded],
  },
  `on conflict (accepted_day, id) do update set ${takeWhen(takesContent, ofContent)}, ${takeWhen(takesPlan, ofPlan)}
   where ${takesContent} or ${takesPlan}`,
);

const ofState = ['endpoint_subject', 'status', 'reason', 'round', 'next_attempt_at', 'completed_at', 'state_order'];
const isLater = '(excluded.state_order > kept.state_order)';

export const upsertDeliveries = insertFrom<DeliveryRow>(
  'audit.deliveries',
  {
    accepted_day: ['day', (row) => row.day],
    id: ['uuid', (row) => row.id],
    tenant_id: ['text', (row) => row.tenantId],
    endpoint_id: ['text', (row) => row.endpointId],
    event_id: ['text', (row) => row.eventId],
    event_type: ['text', (row) => row.eventType],
    subject: ['text', (row) => row.subject],
    endpoint_subject: ['text', (row) => row.endpointSubject],
    accepted_at: ['time', (row) => row.acceptedAtMs],
    is_test: ['boolean', (row) => row.isTest],
    status: ['text', (row) => row.status],
    reason: ['text', (row) => row.reason],
    round: ['integer', (row) => row.round],
    attempt_count: ['integer', (row) => row.attemptCount],
    next_attempt_at: ['time', (row) => row.nextAttemptAtMs],
    completed_at: ['time', (row) => row.completedAtMs],
    state_order: ['text', (row) => row.stateOrder],
  },
  `on conflict (accepted_day, id) do update set
     ${takeWhen(isLater, ofState)},
     attempt_count = greatest(kept.attempt_count, excluded.attempt_count),
     is_test = kept.is_test or excluded.is_test
   where ${isLater} or excluded.attempt_count > kept.attempt_count or (excluded.is_test and not kept.is_test)`,
);

export const insertAttempts = insertFrom<AttemptRow>(
  'audit.attempts',
  {
    accepted_day: ['day', (row) => row.day],
    id: ['text', (row) => row.id],
    tenant_id: ['text', (row) => row.tenantId],
    delivery_id: ['uuid', (row) => row.deliveryId],
    endpoint_id: ['text', (row) => row.endpointId],
    number: ['integer', (row) => row.number],
    round: ['integer', (row) => row.round],
    started_at: ['time', (row) => row.startedAtMs],
    duration_ms: ['double', (row) => row.durationMs],
    outcome: ['text', (row) => row.outcome],
    response_status: ['integer', (row) => row.responseStatus],
    response_headers: ['text', (row) => row.responseHeaders],
    response_body: ['text', (row) => row.responseBody],
    error: ['text', (row) => row.error],
    timings: ['text', (row) => row.timings],
    trace_id: ['text', (row) => row.traceId],
    status: ['text', (row) => row.status],
    reason: ['text', (row) => row.reason],
    next_attempt_at: ['time', (row) => row.nextAttemptAtMs],
    is_test: ['boolean', (row) => row.isTest],
  },
  'on conflict (accepted_day, id) do nothing',
);

const isLaterLetter = '((excluded.round, excluded.dead_lettered_at) > (kept.round, kept.dead_lettered_at))';

export const upsertDeadLetters = insertFrom<DeadLetterRow>(
  'audit.dead_letters',
  {
    accepted_day: ['day', (row) => row.day],
    id: ['uuid', (row) => row.id],
    tenant_id: ['text', (row) => row.tenantId],
    round: ['integer', (row) => row.round],
    reason: ['text', (row) => row.reason],
    attempt_count: ['integer', (row) => row.attemptCount],
    dead_lettered_at: ['time', (row) => row.deadLetteredAtMs],
    last_outcome: ['text', (row) => row.lastOutcome],
    last_response_status: ['integer', (row) => row.lastResponseStatus],
    last_error: ['text', (row) => row.lastError],
  },
  `on conflict (accepted_day, id) do update set
     round = excluded.round, reason = excluded.reason, attempt_count = excluded.attempt_count,
     dead_lettered_at = excluded.dead_lettered_at, last_outcome = excluded.last_outcome,
     last_response_status = excluded.last_response_status, last_error = excluded.last_error
   where ${isLaterLetter}`,
);

export const insertUnreadable = insertFrom<UnreadableRow>(
  'audit.unreadable_records',
  {
    topic: ['text', (row) => row.topic],
    partition: ['integer', (row) => row.partition],
    log_offset: ['bigint', (row) => row.offset],
    value: ['bytes', (row) => row.value],
    error: ['text', (row) => row.error],
    found_at: ['time', (row) => row.foundAtMs],
    kind: ['text', (row) => row.kind || 'undecodable'],
    consumer_group: ['text', (row) => row.consumerGroup],
    failures: ['integer', (row) => row.failures],
  },
  'on conflict (topic, partition, log_offset) do nothing',
);

export const raiseProgress = insertFrom<ProgressRow>(
  'audit.progress',
  {
    topic: ['text', (row) => row.topic],
    partition: ['integer', (row) => row.partition],
    next_offset: ['bigint', (row) => row.nextOffset],
    recorded_until: ['time', (row) => row.recordedUntilMs],
  },
  `on conflict (topic, partition) do update set
     next_offset = excluded.next_offset, recorded_until = greatest(kept.recorded_until, excluded.recorded_until)
   where excluded.next_offset > kept.next_offset`,
);
