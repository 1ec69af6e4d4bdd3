import { sql, type RawBuilder, type Transaction } from 'kysely';
import { dayOf, dayText } from '../days.ts';
import type { Tables } from './tables.ts';

export type Trx = Transaction<Tables>;

/** Whose rows may be seen, and from when on. Every query names the tenant beside the row-level policy, for the index. */
export interface Viewer {
  readonly tenantId: string;
  /** Only this subject's events, and the deliveries to its endpoints, if any. */
  readonly subject: string | undefined;
  /** What was accepted before is past the retention. */
  readonly visibleFromMs: number;
}

/** Times of acceptance; from and to whenever where absent. */
export interface Period {
  readonly sinceMs: number | undefined;
  /** Exclusive. */
  readonly untilMs: number | undefined;
}

/** A part of a list, newest first. */
export interface Slice extends Period {
  /** The last item of the page before. */
  readonly after: { readonly acceptedAtMs: number; readonly id: string } | undefined;
  /** So many are passed over; none where `after` is given. */
  readonly offset: number;
  readonly limit: number;
}

/** The day of acceptance of a time, as a column value. */
export const dayValue = (timeMs: number): RawBuilder<Date> => sql<Date>`${dayText(dayOf(timeMs))}::date`;

/** 9999-12-31: as late as a date of four digits can be. */
export const farFutureMs = 253_402_214_400_000;

/** From when on a query reads, and up to when at most: partitions of other days are not touched. */
export const boundsOf = (viewer: Viewer, { sinceMs, untilMs }: Period): { fromMs: number; toMs: number } => ({
  fromMs: Math.max(viewer.visibleFromMs, sinceMs ?? 0),
  toMs: Math.max(0, Math.min(untilMs ?? farFutureMs, farFutureMs)),
});
