import {
  AuditRecord,
  DeadLetterRecord,
  DeliveryRecord,
  toProto,
  type Attempt,
  type DeadDelivery,
} from '@bellwire/contracts';
import {
  roughTierFor,
  tierFor,
  type AttemptOutcome,
  type DeliveryReason,
  type DeliveryStatus,
  type Tier,
} from '@bellwire/domain';
import { fitsRecord, maxRecordBytes, sizeOfRecord, topicNames, type NewRecord } from '@bellwire/messaging';

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

/** What a delivery may grow by on its way: a longer subject of its endpoint, a reason, numbers. */
const growthBytes = 4096;

/** Whether the record of a delivery fits into the log, now and at any later step. One that does not is no delivery to begin. */
export const hasRoomToGrow = (record: NewRecord): boolean => sizeOfRecord(record) <= maxRecordBytes - growthBytes;

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

/** Of an answer, the most that an attempt records, where all of it is larger than one record of the log. */
const cutBytes = 16 * 1024;

const cutHeaders = (headers: Headers): Record<string, string> => {
  let bytes = 0;
  const kept = Object.entries(headers).filter(([name, value]) => (bytes += name.length + value.length) <= cutBytes);
  return Object.fromEntries(kept);
};

/** What is too large for one record of the log is cut: an attempt is never lost for what its receiver has answered. */
export const attemptRecord = (attempt: Attempt, headers: Headers): NewRecord => {
  const encode = (value: Attempt): NewRecord => ({
    topic: topicNames.audit,
    value: AuditRecord.encode({ record: { $case: 'attempt', value } }).finish(),
    headers,
  });
  const whole = encode(attempt);
  if (hasRoomToGrow(whole)) return whole;
  const responseBody = attempt.responseBody && `${attempt.responseBody.slice(0, cutBytes)}\n… (cut)`;
  const error = attempt.error?.slice(0, cutBytes);
  return encode({ ...attempt, responseBody, error, responseHeaders: cutHeaders(attempt.responseHeaders) });
};

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

/** Without the body where there is no room for it: nobody reads it there. */
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
  const encode = (value: DeadDelivery): NewRecord => ({
    topic: topicNames.deadLetters,
    key: delivery.endpointId,
    value: DeadLetterRecord.encode({ letter: { $case: 'delivery', value } }).finish(),
    headers,
  });
  const whole = encode(dead);
  if (fitsRecord(whole)) return whole;
  const lastError = error?.slice(0, cutBytes);
  return encode({ ...dead, delivery: { ...delivery, body: Buffer.alloc(0) }, lastError });
};
