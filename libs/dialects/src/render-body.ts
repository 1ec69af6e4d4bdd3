import type { Dialect, EnvelopeField, ValueSource } from './dialect.ts';

/** What a body is made of. */
export interface RenderedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject?: string | undefined;
  /** Minified JSON text, as it was published. */
  readonly data: string;
  readonly occurredAtMs: number;
  readonly acceptedAtMs: number;
  readonly actionUrls?: Readonly<Record<string, string>> | undefined;
  readonly deliveryId: string;
}

type Source<From extends ValueSource['from']> = Extract<ValueSource, { from: From }>;

const timeOf = (source: Source<'time'>, event: RenderedEvent): string => {
  const ms = source.of === 'occurred' ? event.occurredAtMs : event.acceptedAtMs;
  if (source.as === 'unix_seconds') return String(Math.floor(ms / 1000));
  const iso = new Date(ms).toISOString();
  return JSON.stringify(source.as === 'iso_seconds' ? iso.replace(/\.[0-9]{3}Z$/, 'Z') : iso);
};

const actionUrlsOf = ({ actionUrls }: RenderedEvent): string | undefined =>
  actionUrls === undefined || Object.keys(actionUrls).length === 0 ? undefined : JSON.stringify(actionUrls);

const objectOf = (fields: readonly EnvelopeField[], event: RenderedEvent): string => {
  const rendered: string[] = [];
  for (const { name, source } of fields) {
    const text = textOf(source, event);
    if (text !== undefined) rendered.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${rendered.join(',')}}`;
};

/** One value as JSON text; undefined where its field is left out. */
const textOf = (source: ValueSource, event: RenderedEvent): string | undefined => {
  switch (source.from) {
    case 'constant':
      return JSON.stringify(source.value);
    case 'event_id':
      return JSON.stringify(event.id);
    case 'event_type':
      return JSON.stringify(event.type);
    case 'delivery_id':
      return JSON.stringify(event.deliveryId);
    case 'subject':
      if (event.subject !== undefined) return JSON.stringify(event.subject);
      return source.absent === 'null' ? 'null' : undefined;
    case 'time':
      return timeOf(source, event);
    case 'data':
      return event.data;
    case 'action_urls':
      return actionUrlsOf(event);
    default:
      return objectOf(source.fields, event);
  }
};

/**
 * The bytes of a request body, minified. Rendered once per delivery, signed and sent by every attempt. The data goes in
 * as its text: parsing and writing it again would change numbers and key order.
 */
export const renderBody = (dialect: Dialect, event: RenderedEvent): Uint8Array =>
  Buffer.from(textOf(dialect.envelope, event) ?? '', 'utf8');

const namesDelivery = (source: ValueSource): boolean =>
  source.from === 'delivery_id' ||
  (source.from === 'object' && source.fields.some((field) => namesDelivery(field.source)));

/** Whether endpoints get different bodies for one event; else one rendering serves all of a tenant's endpoints. */
export const bodyNamesDelivery = (dialect: Dialect): boolean => namesDelivery(dialect.envelope);
