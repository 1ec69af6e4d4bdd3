import { EventRecord } from '@bellwire/contracts';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import type { IdentifiedEvent } from './identify-events.ts';

/**
 * The order that was asked for, within the tenant; repeats of an idempotency key go where the first went. All others go
 * where there is room.
 */
const keyOf = (
  tenantId: string,
  { event, eventId }: Pick<IdentifiedEvent, 'event' | 'eventId'>,
): string | undefined => {
  if (event.orderingKey !== undefined) return `${tenantId}/${event.orderingKey}`;
  return event.idempotencyKey === undefined ? undefined : eventId;
};

/** The event as it travels. */
export const eventRecordOf = (
  tenantId: string,
  identified: Pick<IdentifiedEvent, 'event' | 'eventId' | 'acceptedAtMs' | 'duplicate'>,
  headers: Readonly<Record<string, string>>,
): NewRecord => {
  const { event, eventId, acceptedAtMs, duplicate } = identified;
  return {
    topic: topicNames.events,
    key: keyOf(tenantId, identified),
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
      repeated: duplicate,
    }).finish(),
    headers,
  };
};
