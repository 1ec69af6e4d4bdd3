import { sign, type PreparedKey } from '@bellwire/signing';
import type { Dialect } from './dialect.ts';

/** One attempt, as far as its headers tell of it. */
export interface Attempt {
  readonly eventId: string;
  readonly deliveryId: string;
  readonly eventType: string;
  readonly endpointId: string;
  /** From 1. */
  readonly attempt: number;
  /** Time of this attempt in whole seconds since 1970. */
  readonly timestampSeconds: number;
  readonly body: Uint8Array;
  /** Newest first; at least one. */
  readonly keys: readonly PreparedKey[];
}

const fill = (template: string, values: ReadonlyMap<string, string>): string =>
  template.replace(/\{([a-zA-Z]+)\}/g, (whole, name: string) => values.get(name) ?? whole);

/**
 * All headers of an attempt that the dialect decides, the signature among them, with names as receivers were told to
 * expect them. Custom headers of the endpoint go under these: see headerNames.
 */
export const requestHeaders = (dialect: Dialect, attempt: Attempt): Record<string, string> => {
  const { eventId, deliveryId, eventType, endpointId, timestampSeconds, body, keys } = attempt;
  const headers: Record<string, string> = { 'content-type': dialect.contentType, 'user-agent': dialect.userAgent };
  if (dialect.headers.length > 0) {
    const values = new Map(Object.entries({ eventId, deliveryId, eventType, endpointId }));
    values.set('attempt', String(attempt.attempt)).set('timestamp', String(timestampSeconds));
    for (const { name, value } of dialect.headers) headers[name] = fill(value, values);
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
