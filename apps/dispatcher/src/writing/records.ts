import {
  AuditRecord,
  DeadLetterRecord,
  DeliveryRecord,
  toProto,
  type Attempt,
  type EventRecord,
  type FanOut,
} from '@bellwire/contracts';
import {
  roughTierFor,
  tierFor,
  type AttemptOutcome,
  type DeliveryReason,
  type DeliveryStatus,
  type Tier,
} from '@bellwire/domain';
import { topicNames, type NewRecord } from '@bellwire/messaging';

// What the dispatcher writes to the log, one function for each kind of record.

type Headers = Readonly<Record<string, string>>;

type Identity = Pick<
  DeliveryRecord,
  'tenantId' | 'deliveryId' | 'endpointId' | 'eventId' | 'eventType' | 'subject' | 'acceptedAtMs' | 'endpointSubject'
>;

/** The ids that every record about a delivery repeats. */
export const identityOf = (delivery: Identity): Identity => ({
  tenantId: delivery.tenantId,
  deliveryId: delivery.deliveryId,
  endpointId: delivery.endpointId,
  eventId: delivery.eventId,
  eventType: delivery.eventType,
  subject: delivery.subject,
  acceptedAtMs: delivery.acceptedAtMs,
  endpointSubject: delivery.endpointSubject,
});

/** Back into the hands of the deliverer, now. */
export const toDeliveries = (delivery: DeliveryRecord, headers: Headers): NewRecord => ({
  topic: topicNames.deliveries,
  key: delivery.endpointId,
  value: DeliveryRecord.encode(delivery).finish(),
  headers,
});

type Wait = Pick<DeliveryRecord, 'spills' | 'slotAtMs' | 'waitReason'>;

/** Of a retry, a slot and quiet hours. Any other wait ends when something is guessed to be over. */
export const endsExactly = ({ spills, slotAtMs, waitReason }: Wait): boolean =>
  spills === 0 || slotAtMs > 0 || waitReason === 'quiet_hours';

const tierOf = (tiers: readonly Tier[], delivery: DeliveryRecord, nowMs: number): Tier =>
  (endsExactly(delivery) ? tierFor : roughTierFor)(tiers, delivery.dueAtMs - nowMs);

/**
 * Into the tier that fits what remains until `delivery.dueAtMs`. Spread over the partitions: a process holds so many records
 * of each, and the backlog of one endpoint is not to fill the one in which others wait.
 */
export const toTier = (
  tiers: readonly Tier[],
  delivery: DeliveryRecord,
  nowMs: number,
  headers: Headers,
): NewRecord => ({
  topic: topicNames.retries(tierOf(tiers, delivery, nowMs).name),
  key: delivery.deliveryId,
  value: DeliveryRecord.encode({ ...delivery, enqueuedAtMs: nowMs }).finish(),
  headers,
});

/** Who matched, and why others did not. */
export const fanOutRecord = (
  { tenantId, eventId, acceptedAtMs, type: eventType, subject }: EventRecord,
  plan: Pick<FanOut, 'planned' | 'excluded' | 'excludedCounts' | 'registryPosition' | 'plannedAtMs'>,
  headers: Headers,
): NewRecord => {
  const value = { tenantId, eventId, acceptedAtMs, eventType, subject, ...plan };
  return {
    topic: topicNames.audit,
    value: AuditRecord.encode({ record: { $case: 'fanOut', value } }).finish(),
    headers,
  };
};

/** What a request came to, as its attempt records it. */
export const resultOf = (result: AttemptOutcome) => ({
  durationMs: result.durationMs,
  outcome: toProto.outcome[result.outcome],
  responseStatus: result.response?.status,
  responseHeaders: { ...result.response?.headers },
  responseBody: result.response?.body,
  error: result.error,
  timings: { ...result.timings },
});

export const attemptRecord = (attempt: Attempt, headers: Headers): NewRecord => ({
  topic: topicNames.audit,
  value: AuditRecord.encode({ record: { $case: 'attempt', value: attempt } }).finish(),
  headers,
});

export interface TransitionTo {
  status: DeliveryStatus;
  reason: DeliveryReason;
  attemptCount: number;
  nextAttemptAtMs?: number;
  atMs: number;
}

export const transitionRecord = (delivery: DeliveryRecord, to: TransitionTo, headers: Headers): NewRecord => {
  const { status, reason, attemptCount, nextAttemptAtMs, atMs } = to;
  const transition = {
    ...identityOf(delivery),
    round: delivery.round,
    attemptCount,
    status: toProto.status[status],
    reason,
    nextAttemptAtMs,
    atMs,
  };
  return {
    topic: topicNames.audit,
    value: AuditRecord.encode({ record: { $case: 'transition', value: transition } }).finish(),
    headers,
  };
};

export interface DeadLetter {
  reason: DeliveryReason;
  atMs: number;
  attemptCount: number;
  last?: AttemptOutcome;
  /** Why there was no attempt. @default what the last one says */
  error?: string;
}

export const deadLetterRecord = (delivery: DeliveryRecord, letter: DeadLetter, headers: Headers): NewRecord => {
  const { reason, atMs, attemptCount, last, error = last?.error } = letter;
  const dead = {
    delivery,
    reason,
    deadLetteredAtMs: atMs,
    attemptCount,
    lastOutcome: last === undefined ? 'OUTCOME_UNSPECIFIED' : toProto.outcome[last.outcome],
    lastResponseStatus: last?.response?.status,
    lastError: error,
  } as const;
  return {
    topic: topicNames.deadLetters,
    key: delivery.endpointId,
    value: DeadLetterRecord.encode({ letter: { $case: 'delivery', value: dead } }).finish(),
    headers,
  };
};
