import { LRUCache } from 'lru-cache';
import { reservationMs, reservationName, type Reservation } from './ports.ts';

type Key = Pick<Reservation, 'tenantId' | 'key'>;
type Known = Pick<Reservation, 'eventId' | 'bodyHash' | 'acceptedAtMs'>;

/** What this process knows of a keyed event. */
export type KeyedState =
  | { readonly kind: 'unknown' }
  /** It is being written: settles as the write does. */
  | { readonly kind: 'writing'; readonly event: Known; readonly written: Promise<void> }
  | { readonly kind: 'on_log'; readonly event: Known };

/**
 * Keyed events that this process is writing or has written: what is on the log is not written again, though its mark may not
 * be there yet, or the database away; and those who ask for the same event at the same time share one write. Bounded: what it
 * forgets is known by its mark.
 */
export interface KeyedMemory {
  stateOf(key: Key, nowMs: number): KeyedState;
  /** To be called in the same turn as `stateOf` that answered unknown. */
  writing(event: Reservation, written: Promise<void>): void;
}

/** @param max events that are remembered as written */
export const makeKeyedMemory = (max = 50_000): KeyedMemory => {
  const onLog = new LRUCache<string, Known>({ max });
  const inFlight = new Map<string, { event: Known; written: Promise<void> }>();

  return {
    stateOf: (key, nowMs) => {
      const name = reservationName(key);
      const flying = inFlight.get(name);
      if (flying !== undefined) return { kind: 'writing', ...flying };
      const event = onLog.get(name);
      if (event === undefined || event.acceptedAtMs <= nowMs - reservationMs) return { kind: 'unknown' };
      return { kind: 'on_log', event };
    },
    writing: (reservation, written) => {
      const name = reservationName(reservation);
      const { eventId, bodyHash, acceptedAtMs } = reservation;
      const event = { eventId, bodyHash, acceptedAtMs };
      inFlight.set(name, { event, written });
      void written
        .then(
          () => onLog.set(name, event),
          () => undefined,
        )
        .finally(() => inFlight.delete(name));
    },
  };
};
