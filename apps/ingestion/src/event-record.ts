import { EventRecord } from '@bellwire/contracts';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import type { IdentifiedEvent } from './identify-events.ts';

/** The event as it travels: keyed by its ordering key, which is the tenant's own, or by its id. */
export const eventRecordOf = (
  tenantId: string,
  { event, eventId, acceptedAtMs }: Pick<IdentifiedEvent, 'event' | 'eventId' | 'acceptedAtMs'>,
  headers: Readonly<Record<string, string>>,
): NewRecord => ({
  topic: topicNames.events,
  key: event.orderingKey === undefined ? eventId : `${tenantId}/${event.orderingKey}`,
  value: EventRecord.encode({
    tenantId,
    eventId,
    type: event.type,
    data: event.data.text,
    subject: event.subject,
    orderingKey: event.orderingKey,
    idempotencyKey: event.idempotencyKey,
    occurredAtMs: event.occurredAtMs ?? acceptedAtMs,
    acceptedAtMs,
    actionUrls: { ...event.actionUrls },
  }).finish(),
  headers,
});
