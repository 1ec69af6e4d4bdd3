import { actingFor, type Clock, type Scope } from '@bellwire/domain';
import { Fault, invalidField, invalidFields, noSuch } from '@bellwire/errors';
import { readTenant, toDatabaseFault, type Database } from '@bellwire/persistence';
import type { Call } from '@bellwire/rpc';
import { stillTold, type AsOf } from '../as-of.ts';
import { oldestUnplanned } from '../store/events.ts';
import type { Period, Slice, Trx, Viewer } from '../store/reading.ts';
import type { Tables } from '../store/tables.ts';

export interface ReadingDeps {
  db: Database<Tables>['db'];
  /** @throws Fault DATABASE_UNAVAILABLE */
  asOf(): Promise<AsOf>;
  clock: Clock;
  /** By it retention is over. */
  expiryClock: Clock;
  /** Older rows are not seen, whether they are still there or not. */
  retentionMs: number;
}

/** What a query runs in: one transaction of the tenant that the call acts for. */
export interface Reading {
  readonly trx: Trx;
  readonly viewer: Viewer;
  readonly nowMs: number;
  /** Acceptance time up to which events, and up to which deliveries, are recorded. */
  readonly eventsAsOfMs: number;
  readonly deliveriesAsOfMs: number;
}

/**
 * Answers a call from what is recorded. How far that is was asked before anything is read, so that an answer is never
 * older than it says. Deliveries are known up to the oldest event of the tenant that the router has not planned, and never less
 * far than an answer has said that this call comes after.
 *
 * @throws Fault of actingFor; DATABASE_UNAVAILABLE
 */
export const makeRead = ({ db, asOf, clock, expiryClock, retentionMs }: ReadingDeps) => {
  /** As far as answers have said that deliveries are recorded. */
  const toldByTenant = new Map<string, number>();
  return async <T>(call: Call, scope: Scope, query: (reading: Reading) => Promise<T>): Promise<T> => {
    const { tenantId, subject } = actingFor(call.principal, scope, call.namedTenant);
    if (tenantId === '' || tenantId === '*') throw new Fault('UNKNOWN_TENANT', 'Name the tenant in x-bellwire-tenant.');
    const nowMs = clock.now();
    const viewer = { tenantId, subject, visibleFromMs: expiryClock.now() - retentionMs };
    try {
      const toldMs = stillTold(toldByTenant.get(tenantId) ?? 0, nowMs);
      const { eventsMs, historyMs } = await asOf();
      return await readTenant(db, tenantId, async (trx) => {
        const unplannedMs = await oldestUnplanned(trx, tenantId, nowMs);
        const deliveriesAsOfMs = Math.max(toldMs, Math.min(historyMs, (unplannedMs ?? Infinity) - 1));
        const answer = await query({ trx, viewer, nowMs, eventsAsOfMs: eventsMs, deliveriesAsOfMs });
        toldByTenant.set(tenantId, Math.max(deliveriesAsOfMs, stillTold(toldByTenant.get(tenantId) ?? 0, nowMs)));
        return answer;
      });
    } catch (error) {
      throw toDatabaseFault(error);
    }
  };
};

export type Read = ReturnType<typeof makeRead>;

/** What is accepted now may come from a clock that is a little ahead. */
const clockSkewMs = 60_000;
const youngRetryMs = 500;

/**
 * Why an id is not found: it is younger than what is recorded, or there is no such thing.
 *
 * @param timeMs the time that the id speaks of; a time to come is none
 */
export const missing = (what: string, id: string, timeMs: number | undefined, asOfMs: number, nowMs: number): Fault => {
  const isPlausible = timeMs !== undefined && timeMs <= nowMs + clockSkewMs;
  if (isPlausible && timeMs > asOfMs) {
    return new Fault('NOT_YET_RECORDED', `The ${what} ${id} is too young to be recorded.`, {
      retryAfterMs: youngRetryMs,
    });
  }
  return noSuch(what);
};

interface PeriodRequest {
  since?: Date | undefined;
  until?: Date | undefined;
}

interface ListRequest extends PeriodRequest {
  limit: number;
  cursor: string;
  offset: number;
}

const encodeCursor = (acceptedAtMs: number, id: string): string =>
  Buffer.from(`${acceptedAtMs}.${id}`).toString('base64url');

const decodeCursor = (cursor: string, idPattern: RegExp): Slice['after'] => {
  if (cursor === '') return undefined;
  const [, time, id] = /^(\d{1,14})\.(.+)$/s.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (time === undefined || id === undefined || !idPattern.test(id)) {
    throw invalidField('cursor', 'must come from the page before');
  }
  return { acceptedAtMs: Number(time), id };
};

/** Ids as they may stand in a cursor: the cursor of one list is none of another. */
export const eventIdPattern = /^evt_[0-9A-Z]{26}$/;
export const deliveryIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** since is inclusive, until exclusive. @throws Fault INVALID_FIELD for since and until */
export const periodOf = ({ since, until }: PeriodRequest): Period => {
  for (const [path, time] of [
    ['since', since],
    ['until', until],
  ] as const) {
    if (time !== undefined && Number.isNaN(time.getTime())) throw invalidField(path, 'must be a time');
  }
  if (since !== undefined && until !== undefined && since > until)
    throw invalidField('since', 'must not be after until');
  return { sinceMs: since?.getTime(), untilMs: until?.getTime() };
};

/** Farther back a list is read by its cursor: what is passed over is read all the same. */
const greatestOffset = 10_000;

/**
 * The part of a list that a request asks for, with one item more than the page holds, to know whether another follows.
 *
 * @throws Fault INVALID_FIELD for limit, since, until, cursor and offset
 */
export const sliceOf = (request: ListRequest, idPattern: RegExp): Slice => {
  const { limit, cursor, offset } = request;
  if (limit > 100) throw invalidField('limit', 'must be between 1 and 100');
  if (offset > greatestOffset) throw invalidField('offset', `must be at most ${greatestOffset}`);
  if (offset > 0 && cursor !== '') throw invalidField('offset', 'must not be given with a cursor');
  return {
    ...periodOf(request),
    after: decodeCursor(cursor, idPattern),
    offset,
    limit: (limit === 0 ? 50 : limit) + 1,
  };
};

/**
 * What a list is filtered by: texts of any kind, except that Postgres knows no NUL.
 *
 * @param filters by the names of the contract
 * @throws Fault INVALID_FIELD
 */
export const refuseNul = (filters: Readonly<Record<string, string | undefined>>): void => {
  const wrong = Object.entries(filters).filter(([, text]) => text?.includes('\u0000'));
  if (wrong.length > 0) throw invalidFields(wrong.map(([path]) => ({ path, message: 'must not contain NUL' })));
};

/** The page of what a slice has found, and the cursor of the next; empty on the last page. */
export const pageOf = <Row extends { id: string; accepted_at: Date }>(found: readonly Row[], slice: Slice) => {
  const rows = found.slice(0, slice.limit - 1);
  const last = rows.at(-1);
  const hasMore = found.length >= slice.limit && last !== undefined;
  return { rows, nextCursor: hasMore ? encodeCursor(last.accepted_at.getTime(), last.id) : '' };
};
