import { LRUCache } from 'lru-cache';
import { reservationMs, type Reservation } from './ports.ts';

type Body = Pick<Reservation, 'bodyHash' | 'acceptedAtMs'>;

/** What this process knows of a keyed event. */
export type KeyedState =
  | { readonly kind: 'unknown' }
  /** It is being written: settles as the write does. */
  | { readonly kind: 'writing'; readonly bodyHash: string; readonly written: Promise<void> }
  | { readonly kind: 'on_log'; readonly bodyHash: string };

/**
 * Keyed events that this process is writing or has written, by event id: what is on the log is not written again, and
 * those who ask for the same event at the same time share one write. Bounded: what it forgets is written once more under
 * the same id and acceptance time, which is harmless.
 */
export interface KeyedMemory {
  stateOf(eventId: string, nowMs: number): KeyedState;
  /** To be called in the same turn as `stateOf` that answered unknown. */
  writing(eventId: string, body: Body, written: Promise<void>): void;
}

/** @param max events that are remembered as written */
export const makeKeyedMemory = (max = 50_000): KeyedMemory => {
  const onLog = new LRUCache<string, Body>({ max });
  const inFlight = new Map<string, Body & { written: Promise<void> }>();

  return {
    stateOf: (eventId, nowMs) => {
      const flying = inFlight.get(eventId);
      if (flying !== undefined) return { kind: 'writing', bodyHash: flying.bodyHash, written: flying.written };
      const known = onLog.get(eventId);
      if (known === undefined || known.acceptedAtMs <= nowMs - reservationMs) return { kind: 'unknown' };
      return { kind: 'on_log', bodyHash: known.bodyHash };
    },
    writing: (eventId, body, written) => {
      inFlight.set(eventId, { ...body, written });
      void written
        .then(
          () => onLog.set(eventId, body),
          () => undefined,
        )
        .finally(() => inFlight.delete(eventId));
    },
  };
};
