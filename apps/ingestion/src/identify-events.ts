import { newId, type Acting } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { bodyHashOf } from './body-hash.ts';
import type { CheckedEvent } from './check-event.ts';
import { eventIdOfKey } from './event-id-of-key.ts';
import type { KeyedMemory } from './keyed-memory.ts';
import type { Reservation, Reserved } from './ports.ts';
import type { KeyReserver } from './reserve-keys.ts';
import { scopedKey } from './scoped-key.ts';

/** What came of one event: accepted under an id, or refused. */
export type Accepted = { readonly eventId: string; readonly duplicate: boolean } | Fault;

/** An event with the id and the acceptance time that its delivery ids derive from. */
export interface IdentifiedEvent {
  readonly event: CheckedEvent;
  readonly eventId: string;
  readonly acceptedAtMs: number;
  readonly duplicate: boolean;
  /** Of an event with an idempotency key. */
  readonly reservation: Reservation | undefined;
}

/** The answer to a repeat of an event that is known. */
export const repeatOf = (known: Pick<Reservation, 'eventId' | 'bodyHash'>, bodyHash: string): Accepted =>
  known.bodyHash === bodyHash
    ? { eventId: known.eventId, duplicate: true }
    : new Fault('IDEMPOTENCY_KEY_REUSED', 'The idempotency key was used with another body within 72 hours.');

/** Gives each event its id, or the answer where one is known already. Rejects with OVERLOADED. */
export type IdentifyEvents = (
  caller: Acting,
  events: readonly (CheckedEvent | Fault)[],
  nowMs: number,
) => Promise<readonly (IdentifiedEvent | Accepted)[]>;

const isReservation = (want: Reservation | Accepted | undefined): want is Reservation =>
  want !== undefined && 'bodyHash' in want;

/**
 * An event without a key gets a new id; one with a key gets what is reserved for it, by whoever came first, and is answered
 * where that is on the log.
 */
export const makeIdentifyEvents = (
  reserver: Pick<KeyReserver, 'reserve'>,
  memory: Pick<KeyedMemory, 'stateOf'>,
): IdentifyEvents => {
  /** What to reserve for an event with a key, or the answer where this process remembers it on the log. */
  const want = (
    { tenantId, subject }: Acting,
    given: string,
    event: CheckedEvent,
    nowMs: number,
  ): Reservation | Accepted => {
    const key = scopedKey(subject, given);
    const bodyHash = bodyHashOf(event);
    const state = memory.stateOf({ tenantId, key }, nowMs);
    if (state.kind === 'on_log') return repeatOf(state.event, bodyHash);
    return { tenantId, key, eventId: eventIdOfKey(tenantId, key, nowMs), bodyHash, acceptedAtMs: nowMs };
  };

  const withReserved = (
    event: CheckedEvent,
    bodyHash: string,
    row: Reserved | undefined,
  ): IdentifiedEvent | Accepted => {
    if (row === undefined) throw new Error('a key without a reservation');
    if (row.isOnLog || row.bodyHash !== bodyHash) return repeatOf(row, bodyHash);
    const { eventId, acceptedAtMs } = row;
    return { event, eventId, acceptedAtMs, duplicate: !row.isNew, reservation: row };
  };

  return async (caller, events, nowMs) => {
    const wants = events.map((event) =>
      event instanceof Fault || event.idempotencyKey === undefined
        ? undefined
        : want(caller, event.idempotencyKey, event, nowMs),
    );
    const wanted = wants.filter(isReservation);
    const rows = (wanted.length === 0 ? [] : await reserver.reserve(wanted)).values();
    return events.map((event, at) => {
      if (event instanceof Fault) return event;
      const wish = wants[at];
      if (isReservation(wish)) return withReserved(event, wish.bodyHash, rows.next().value);
      return (
        wish ?? { event, eventId: newId('evt', nowMs), acceptedAtMs: nowMs, duplicate: false, reservation: undefined }
      );
    });
  };
};
