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

/** Asks registry to disable an endpoint: whether it is disabled now, and for this reason. Failing to ask is logged. */
export type DisableEndpoint = (endpoint: EndpointState, reason: string) => Promise<boolean>;
