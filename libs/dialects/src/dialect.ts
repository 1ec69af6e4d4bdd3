import type { RetryPolicy } from '@bellwire/domain';
import type { SignatureProfile } from '@bellwire/signing';
import type { RetryCount } from './schedule.ts';
import type { FilterShorthand } from './filter-shorthands.ts';

/** Where a value of the body comes from. */
export type ValueSource =
  | { readonly from: 'constant'; readonly value: string | number | boolean | null }
  | { readonly from: 'event_id' | 'event_type' | 'delivery_id' }
  /** Left out of the body, or null, where the event has no subject. */
  | { readonly from: 'subject'; readonly absent: 'omit' | 'null' }
  /** ISO 8601 in UTC (`2026-01-02T03:04:05Z`, with milliseconds `…05.678Z`), or a number of seconds since 1970. */
  | {
      readonly from: 'time';
      readonly of: 'occurred' | 'accepted';
      readonly as: 'iso_seconds' | 'iso_milliseconds' | 'unix_seconds';
    }
  /** The JSON text that was published, byte for byte. */
  | { readonly from: 'data' }
  /** An object of name and URL; left out of the body where the event has none. */
  | { readonly from: 'action_urls' }
  | { readonly from: 'object'; readonly fields: readonly EnvelopeField[] };

/** One field of the body. Fields stand in the order of their list. */
export interface EnvelopeField {
  readonly name: string;
  readonly source: ValueSource;
}

/** The whole body: an object, or the data as it is. */
export type Envelope = Extract<ValueSource, { from: 'object' | 'data' }>;

/**
 * A header, with what changes in braces: {eventId} {deliveryId} {eventType} {endpointId} {attempt} {timestamp} {occurred}
 * {subject}. {timestamp} is that of the attempt, in seconds since 1970; {occurred} ISO 8601 with milliseconds; {subject} is
 * percent-encoded, and a header that names it is left out where the event has none.
 */
export interface HeaderTemplate {
  readonly name: string;
  readonly value: string;
}

/** An event type that a tenant of the dialect has from the start. */
export interface CatalogueEntry {
  readonly name: string;
  readonly description: string;
  /** Example of the data, as JSON text; empty where there is none. */
  readonly example: string;
}

/** What one family of receivers gets, as data: render-body.ts and request-headers.ts interpret it and know no dialect by name. */
export interface Dialect {
  readonly name: string;
  readonly envelope: Envelope;
  readonly contentType: string;
  readonly userAgent: string;
  /** Beside content-type, user-agent and what the signature brings. */
  readonly headers: readonly HeaderTemplate[];
  /** How requests are signed, and which secrets a person may bring. */
  readonly signature: SignatureProfile;
  /** Users may read the secret of an endpoint again. @default false: it is shown when it is made, and never after */
  readonly isSecretReadable?: boolean;
  /** Where an endpoint has no schedule of its own. */
  readonly retry: RetryPolicy;
  /** Where an endpoint has no time-out of its own, in milliseconds. */
  readonly timeoutMs: number;
  /** How a schedule follows from a number of retries, where users give that number and no schedule. */
  readonly retryCount?: RetryCount;
  /** Where an endpoint has no rate limit of its own. Absent: none. */
  readonly rateLimit?: { readonly limit: number; readonly periodSeconds: number };
  /** Days for which the history of deliveries was promised. Absent: as long as the deployment keeps it. */
  readonly retentionDays?: number;
  /** Of new tenants. open: a new event type is accepted at once and learned. strict: only catalogued ones. */
  readonly eventTypePolicy: 'open' | 'strict';
  readonly catalogue: readonly CatalogueEntry[];
  /** What the data may be, where the envelope or its receivers have no place for the rest. @default any JSON */
  readonly takes?: 'object' | 'object_or_list';
  /**
   * json_round_trip: the verifier that receivers were told to use signs `JSON.stringify(JSON.parse(body))`, so data that
   * this would change is refused with PAYLOAD_NOT_REPRESENTABLE. any: receivers verify the bytes they got.
   */
  readonly representable: 'any' | 'json_round_trip';
  /** What to tell of data that is not ASCII, where some of the verifiers that receivers were told to use refuse it. */
  readonly nonAsciiWarning?: string;
  /** Filters that users give in the dialect's own words. */
  readonly filterShorthands?: readonly FilterShorthand[];
}
