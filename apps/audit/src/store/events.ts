import { sql, type SelectQueryBuilder } from 'kysely';
import { dayOf, dayText } from '../days.ts';
import { boundsOf, dayValue, type Period, type Slice, type Trx, type Viewer } from './reading.ts';
import type { Tables } from './tables.ts';

const columns = [
  'id',
  'type',
  'subject',
  'accepted_at',
  'data',
  'occurred_at',
  'ordering_key',
  'action_urls',
  'excluded_counts',
] as const;

export type FoundEvent = Pick<Tables['audit.events'], (typeof columns)[number]>;

type EventQuery = SelectQueryBuilder<Tables, 'audit.events', object>;

/** A row without data is a fan-out whose event has not come yet. */
const seenBy = (trx: Trx, viewer: Viewer): EventQuery => {
  const query = trx
    .selectFrom('audit.events')
    .where('tenant_id', '=', viewer.tenantId)
    .where('data', 'is not', null)
    .where('accepted_at', '>=', new Date(viewer.visibleFromMs));
  return viewer.subject === undefined ? query : query.where('subject', '=', viewer.subject);
};

/**
 * By the primary key: in the day that the id speaks of, and if it is not there (the id of a keyed event says no time) in
 * every day that is kept. A keyed event that was accepted twice is the one accepted first.
 */
export const findEvent = async (
  trx: Trx,
  viewer: Viewer,
  id: string,
  days: { hintMs: number | undefined; todayMs: number },
): Promise<FoundEvent | undefined> => {
  const byId = seenBy(trx, viewer).select(columns).where('id', '=', id);
  if (days.hintMs !== undefined) {
    const hinted = await byId.where('accepted_day', '=', dayValue(days.hintMs)).executeTakeFirst();
    if (hinted !== undefined) return hinted;
  }
  const kept: string[] = [];
  for (let day = dayOf(viewer.visibleFromMs); day <= dayOf(days.todayMs) + 1; day++) kept.push(dayText(day));
  // Not ordered here: that would tempt the planner away from the primary key, to an index of the tenant's whole history.
  const found = await byId.where(sql<boolean>`accepted_day = any(${kept}::date[])`).execute();
  return found.toSorted((one, other) => one.accepted_at.getTime() - other.accepted_at.getTime())[0];
};

export interface EventFilter extends Period {
  readonly type: string | undefined;
  readonly subject: string | undefined;
}

const matching = (trx: Trx, viewer: Viewer, filter: EventFilter): EventQuery => {
  const { fromMs, toMs } = boundsOf(viewer, filter);
  const { type, subject, untilMs } = filter;
  let query = seenBy(trx, viewer)
    .where('accepted_day', '>=', dayValue(fromMs))
    .where('accepted_day', '<=', dayValue(toMs))
    .where('accepted_at', '>=', new Date(fromMs));
  if (untilMs !== undefined) query = query.where('accepted_at', '<', new Date(untilMs));
  if (type !== undefined) query = query.where('type', '=', type);
  if (subject !== undefined) query = query.where('subject', '=', subject);
  return query;
};

/** Newest first. Leans on events_accepted, events_type or events_subject of each day. */
export const listEvents = (trx: Trx, viewer: Viewer, filter: EventFilter, slice: Slice): Promise<FoundEvent[]> => {
  const { after, offset, limit } = slice;
  let query = matching(trx, viewer, filter).select(columns);
  if (after !== undefined) {
    query = query
      .where('accepted_day', '<=', dayValue(after.acceptedAtMs))
      .where(sql<boolean>`(accepted_at, id) < (${new Date(after.acceptedAtMs)}::timestamptz, ${after.id})`);
  }
  return query.orderBy('accepted_at', 'desc').orderBy('id', 'desc').limit(limit).offset(offset).execute();
};

/** All that there are, on every page of the list. */
export const countEvents = async (trx: Trx, viewer: Viewer, filter: EventFilter): Promise<number> => {
  const { total } = await matching(trx, viewer, filter)
    .select(sql<number>`count(*)::double precision`.as('total'))
    .executeTakeFirstOrThrow();
  return total;
};

/** An event that is not planned a week after it was accepted never will be: the log has dropped it by then. */
const longestUnplannedMs = 7 * 24 * 60 * 60 * 1000;

/** Acceptance time of the tenant's oldest event whose fan-out is not recorded. Leans on events_unplanned. */
export const oldestUnplanned = async (trx: Trx, tenantId: string, nowMs: number): Promise<number | undefined> => {
  const fromMs = nowMs - longestUnplannedMs;
  const row = await trx
    .selectFrom('audit.events')
    .select('accepted_at')
    .where('tenant_id', '=', tenantId)
    .where('planned_at', 'is', null)
    .where('data', 'is not', null)
    .where('accepted_day', '>=', dayValue(fromMs))
    .where('accepted_at', '>=', new Date(fromMs))
    .orderBy('accepted_at')
    .limit(1)
    .executeTakeFirst();
  return row?.accepted_at.getTime();
};
