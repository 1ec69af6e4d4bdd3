import {
  AuditBatch,
  AuditRecord,
  DeadLetterRecord,
  EventRecord,
  fromProto,
  type Attempt,
  type DeadDelivery,
  type DeliveryRecord,
  type FanOut,
  type Transition,
  type UnreadableRecord,
} from '@bellwire/contracts';
import { deliveryIdTime, type DeliveryStatus } from '@bellwire/domain';
import { topicNames, type LogRecord } from '@bellwire/messaging';

/** One thing that the topics that audit consumes say. */
export type HistoryRecord =
  | { readonly kind: 'event'; readonly value: EventRecord }
  | { readonly kind: 'fan_out'; readonly value: FanOut }
  | { readonly kind: 'attempt'; readonly value: Attempt }
  | { readonly kind: 'transition'; readonly value: Transition }
  | { readonly kind: 'dead_delivery'; readonly value: DeadDelivery; readonly delivery: DeliveryRecord }
  | { readonly kind: 'unreadable'; readonly value: UnreadableRecord };

export const historyTopics: readonly string[] = [topicNames.events, topicNames.audit, topicNames.deadLetters];

const requireText = (fields: Readonly<Record<string, string>>): void => {
  for (const name in fields) if (fields[name] === '') throw new Error(`${name} is empty`);
};

/** @throws Error for a status that this version does not know */
export const statusWord = (status: string): DeliveryStatus => {
  const word = fromProto.status(status);
  if (word === undefined) throw new Error(`"${status}" is not a status that this version knows`);
  return word;
};

const decodeAuditRecord = (bytes: Uint8Array): HistoryRecord => {
  const { record } = AuditRecord.decode(bytes);
  if (record === undefined) throw new Error('a kind of audit record that this version does not know');
  if (record.$case === 'fanOut') {
    const { tenantId, eventId, planned } = record.value;
    requireText({ tenant_id: tenantId, event_id: eventId });
    for (const { deliveryId, endpointId, status } of planned) {
      requireText({ delivery_id: deliveryId, endpoint_id: endpointId });
      statusWord(status);
    }
    return { kind: 'fan_out', value: record.value };
  }
  const { tenantId, deliveryId, eventId, status } = record.value;
  requireText({ tenant_id: tenantId, delivery_id: deliveryId, event_id: eventId });
  statusWord(status);
  if (record.$case === 'transition') return { kind: 'transition', value: record.value };
  requireText({ attempt_id: record.value.attemptId });
  return { kind: 'attempt', value: record.value };
};

const decodeDeadLetter = (bytes: Uint8Array): HistoryRecord => {
  const { letter } = DeadLetterRecord.decode(bytes);
  if (letter === undefined) throw new Error('a kind of dead letter that this version does not know');
  if (letter.$case === 'unreadable') return { kind: 'unreadable', value: letter.value };
  const { delivery } = letter.value;
  if (delivery === undefined) throw new Error('a dead letter without its delivery');
  requireText({ tenant_id: delivery.tenantId, delivery_id: delivery.deliveryId, event_id: delivery.eventId });
  return { kind: 'dead_delivery', value: letter.value, delivery };
};

const decodeEvent = (bytes: Uint8Array): HistoryRecord => {
  const value = EventRecord.decode(bytes);
  requireText({ tenant_id: value.tenantId, event_id: value.eventId, type: value.type });
  return { kind: 'event', value };
};

/** Something that a record of the log says, not decoded yet. */
export interface HistoryEntry {
  /** @throws Error a sentence, where the bytes are not what the topic carries */
  decode(): HistoryRecord;
  /** W3C Trace Context of what it is about; empty where there is none. */
  readonly traceparent: string;
}

/**
 * What a record of the log says: a record of `audit` many things, each of which can be read or not.
 *
 * @throws Error a sentence, where the bytes are not what the topic carries
 */
export const historyEntries = ({
  topic,
  value,
  headers,
}: Pick<LogRecord, 'topic' | 'value' | 'headers'>): HistoryEntry[] => {
  const bytes = value ?? new Uint8Array();
  const traceparent = headers['traceparent'] ?? '';
  if (topic === topicNames.events) return [{ decode: () => decodeEvent(bytes), traceparent }];
  if (topic === topicNames.deadLetters) return [{ decode: () => decodeDeadLetter(bytes), traceparent }];
  if (topic !== topicNames.audit) throw new Error(`audit does not read the topic "${topic}"`);
  const { entries } = AuditBatch.decode(bytes);
  if (entries.length === 0) throw new Error('a batch of nothing');
  return entries.map((entry) => ({ decode: () => decodeAuditRecord(entry.record), traceparent: entry.traceparent }));
};

/** What is kept of a record of which something cannot be recorded: all of it, with its origin. */
export const unreadable = (record: LogRecord, error: unknown, foundAtMs: number): HistoryRecord => ({
  kind: 'unreadable',
  value: {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    value: Buffer.from(record.value ?? []),
    error: error instanceof Error ? error.message : String(error),
    foundAtMs,
    kind: 'undecodable',
    consumerGroup: 'audit',
    failures: 1,
  },
});

/**
 * When the delivery's event was accepted, in milliseconds since 1970. The id says it, and lookups by id go where it says;
 * the field counts only for an id of another making.
 */
export const deliveryAcceptedAt = (deliveryId: string, acceptedAtMs: number): number =>
  deliveryIdTime(deliveryId) ?? acceptedAtMs;

/** Acceptance time of what the record is about; undefined where that is nothing of a tenant. */
export const acceptedAtOf = (record: HistoryRecord): number | undefined => {
  switch (record.kind) {
    case 'event':
    case 'fan_out':
      return record.value.acceptedAtMs;
    case 'attempt':
    case 'transition':
      return deliveryAcceptedAt(record.value.deliveryId, record.value.acceptedAtMs);
    case 'dead_delivery':
      return deliveryAcceptedAt(record.delivery.deliveryId, record.delivery.acceptedAtMs);
    case 'unreadable':
      return undefined;
  }
};
