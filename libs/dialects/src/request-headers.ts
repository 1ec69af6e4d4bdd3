import { sign, type PreparedKey } from '@bellwire/signing';
import type { Dialect } from './dialect.ts';

/** One attempt, as far as its headers tell of it. */
export interface Attempt {
  readonly eventId: string;
  readonly deliveryId: string;
  readonly eventType: string;
  readonly endpointId: string;
  readonly subject?: string | undefined;
  readonly occurredAtMs: number;
  /** From 1. */
  readonly attempt: number;
  /** Time of this attempt in whole seconds since 1970. */
  readonly timestampSeconds: number;
  readonly body: Uint8Array;
  /** @default that of the dialect */
  readonly contentType?: string | undefined;
  /** Newest first; at least one. */
  readonly keys: readonly PreparedKey[];
}

/** As CloudEvents writes what a header cannot hold. Source: CloudEvents 1.0, HTTP protocol binding, section 3.1.3.2. */
const percentEncoded = (text: string): string =>
  text.toWellFormed().replace(/[^\x21\x23\x24\x26-\x7e]/gu, encodeURIComponent);

const valuesOf = (attempt: Attempt): ReadonlyMap<string, string> => {
  const { eventId, deliveryId, eventType, endpointId, subject, occurredAtMs } = attempt;
  const values = new Map(Object.entries({ eventId, deliveryId, eventType, endpointId }));
  values.set('attempt', String(attempt.attempt)).set('timestamp', String(attempt.timestampSeconds));
  values.set('occurred', new Date(occurredAtMs).toISOString());
  if (subject !== undefined) values.set('subject', percentEncoded(subject));
  return values;
};

const fill = (template: string, values: ReadonlyMap<string, string>): string =>
  template.replace(/\{([a-zA-Z]+)\}/g, (whole, name: string) => values.get(name) ?? whole);

/**
 * All headers of an attempt that the dialect decides, the signature among them, with names as receivers were told to
 * expect them. Custom headers of the endpoint go under these: see headerNames.
 */
export const requestHeaders = (dialect: Dialect, attempt: Attempt): Record<string, string> => {
  const { eventId, timestampSeconds, body, keys } = attempt;
  const headers: Record<string, string> = {
    'content-type': attempt.contentType ?? dialect.contentType,
    'user-agent': dialect.userAgent,
  };
  if (dialect.headers.length > 0) {
    const values = valuesOf(attempt);
    for (const { name, value } of dialect.headers) {
      if (values.has('subject') || !value.includes('{subject}')) headers[name] = fill(value, values);
    }
  }
  const signed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const message = { id: eventId, timestampSeconds, body, headers: signed };
  for (const { name, value } of sign(dialect.signature, message, keys)) headers[name] = value;
  return headers;
};

/** Lower-case names of the headers that the dialect decides: an endpoint's custom headers must not take them. */
export const headerNames = (dialect: Dialect): ReadonlySet<string> => {
  const { header, idHeader, timestampHeader } = dialect.signature;
  const names = [
    'content-type',
    'user-agent',
    header.name,
    idHeader,
    timestampHeader,
    ...dialect.headers.map(({ name }) => name),
  ];
  return new Set(names.flatMap((name) => (name === undefined ? [] : [name.toLowerCase()])));
};
