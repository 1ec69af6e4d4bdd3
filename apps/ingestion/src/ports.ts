import type { Clock } from '@bellwire/domain';
import type { NewRecord } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';

export type { Clock };

/** What acceptance asks of registry's state. */
export type Catalogue = Pick<RegistryView, 'tenant' | 'eventType' | 'catchUp'>;

/** Resolves when the log has all of the records, in the order of the calls. @throws Fault LOG_UNAVAILABLE, OVERLOADED */
export type Produce = (records: readonly NewRecord[]) => Promise<void>;

/** What an idempotency key stands for: one body, and one event. */
export interface Reservation {
  readonly tenantId: string;
  /** As scopedKey gives it. */
  readonly key: string;
  /** As eventIdOfKey gave it. */
  readonly eventId: string;
  /** SHA-256 in lower hex. */
  readonly bodyHash: string;
  /** Delivery ids derive from it: every repeat must use the reserved one. */
  readonly acceptedAtMs: number;
}

/** Apart from that of every other tenant and key. */
export const reservationName = ({ tenantId, key }: Pick<Reservation, 'tenantId' | 'key'>): string =>
  `${tenantId}/${key}`;

/** What is reserved for a key now. */
export interface Reserved extends Reservation {
  /** It was free, or its time was over. */
  readonly isNew: boolean;
  /** The log has its event: there is nothing to write. */
  readonly isOnLog: boolean;
}

/** Who came first with an idempotency key, for all processes. Any error means that it cannot be said now. */
export interface Reservations {
  /**
   * Reserves what is free and answers what is reserved for each, in any order. Atomic for each key, in one statement.
   *
   * @param wanted pairs of tenant and key are distinct
   * @param expiredAtMs reservations accepted at or before it are over
   */
  reserve(wanted: readonly Reservation[], expiredAtMs: number): Promise<readonly Reserved[]>;
  /**
   * Says that the log has the events of these. What was accepted while it could not be reserved is reserved by it; what is
   * reserved otherwise by now, for another event, stays.
   *
   * @param onLog pairs of tenant and key are distinct
   */
  markOnLog(onLog: readonly Reservation[]): Promise<void>;
  /** Resolves when reservations can be made again. */
  ping(): Promise<void>;
  /** Deletes some that are over; answers how many, fewer than `limit` when none is left. */
  deleteExpired(expiredAtMs: number, limit: number): Promise<number>;
}

/** How long an idempotency key stands for its event: 72 hours. */
export const reservationMs = 72 * 60 * 60 * 1000;
