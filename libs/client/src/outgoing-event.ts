import type { PublishRequest } from '@bellwire/contracts';
import { invalidEvent } from './bellwire-error.ts';

/** An event to publish. */
export interface OutgoingEvent {
  /** Dotted name such as invoice.paid. */
  type: string;
  /** Sent as JSON.stringify writes it. */
  data?: unknown;
  /** In place of `data`: JSON text that is kept as it is, for numbers that JavaScript cannot hold. */
  dataText?: string;
  /** The user of the tenant whom the event is about. */
  subject?: string;
  /** At most 255 characters. With it a publish that fails may be tried again, and is tried again by this client. */
  idempotencyKey?: string;
  /** Events with the same key are routed in the order in which they were accepted. */
  orderingKey?: string;
  /** When it happened; the time of acceptance where absent. */
  occurredAt?: Date;
  /** Links that some receivers show beside the data, by name. */
  actionUrls?: Readonly<Record<string, string>>;
}

const textOf = ({ data, dataText }: OutgoingEvent): string => {
  if (dataText !== undefined) return dataText;
  const text: string | undefined = JSON.stringify(data);
  if (text === undefined) throw invalidEvent('data', 'must be something that JSON can say');
  return text;
};

/** The wire would silently put another character in place of half a surrogate pair. */
const requireText = (path: string, text: string | undefined): void => {
  if (text?.isWellFormed() === false) throw invalidEvent(path, 'must be valid Unicode');
};

/** @throws BellwireError INVALID_FIELD where the event cannot be sent as it is */
export const requestOf = (event: OutgoingEvent): PublishRequest => {
  const { type, subject, idempotencyKey, orderingKey, occurredAt, actionUrls = {} } = event;
  const data = textOf(event);
  if (occurredAt !== undefined && Number.isNaN(occurredAt.getTime()))
    throw invalidEvent('occurred_at', 'must be a time');
  const texts = { type, data, subject, idempotency_key: idempotencyKey, ordering_key: orderingKey };
  for (const [path, text] of Object.entries(texts)) requireText(path, text);
  for (const [name, url] of Object.entries(actionUrls)) requireText('action_urls', name + url);
  return { type, data, subject, idempotencyKey, orderingKey, occurredAt, actionUrls: { ...actionUrls } };
};
