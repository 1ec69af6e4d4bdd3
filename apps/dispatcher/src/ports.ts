import type { Delivery, EndpointState, Event } from '@bellwire/contracts';
import type { AttemptOutcome } from '@bellwire/domain';
import type { NewRecord } from '@bellwire/messaging';

/** Sends one request to a receiver. What the receiver does is in the answer; it never throws for that. */
export type Send = (request: {
  url: string;
  method: 'POST';
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
  timeoutMs: number;
}) => Promise<AttemptOutcome>;

/** Resolves once the log has all of the records, however long that takes; rejects only when the service stops. */
export type Append = (records: readonly NewRecord[]) => Promise<void>;

/** What the dispatcher asks audit for, when a person wants a delivery again. */
export interface History {
  /** @throws Fault NOT_FOUND, NOT_YET_RECORDED */
  delivery(tenantId: string, deliveryId: string): Promise<Delivery>;
  /** @throws Fault NOT_FOUND, NOT_YET_RECORDED */
  event(tenantId: string, eventId: string): Promise<Event>;
}

/** Tells registry that an endpoint is gone (410). Failing to tell is logged, and the next 410 tells again. */
export type DisableEndpoint = (endpoint: EndpointState, reason: string) => void;
