import { keyedEventId } from '@bellwire/domain';
import { reservationMs } from './ports.ts';

/**
 * The event id of an idempotency key, which every process finds without a database. It counts the lifetimes of reservations
 * since 1970, so that a key used again after its time is a new event everywhere: to the router, in history, and to a receiver
 * that drops ids it has seen. What is reserved goes before it: a reservation may live on into the next lifetime.
 *
 * @param key as scopedKey gives it; none that begins with a number and a line feed, nor with that of operational events
 */
export const eventIdOfKey = (tenantId: string, key: string, acceptedAtMs: number): string =>
  keyedEventId(tenantId, `${Math.floor(acceptedAtMs / reservationMs)}\n${key}`);
