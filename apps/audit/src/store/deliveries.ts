import { sql, type SelectQueryBuilder } from 'kysely';
import type { DeliveryStatus } from '@bellwire/domain';
import { dayOf, dayText } from '../days.ts';
import { boundsOf, dayValue, type Period, type Slice, type Trx, type Viewer } from './reading.ts';
import type { Tables } from './tables.ts';

const columns = [
  'id',
  'endpoint_id',
  'event_id',
  'event_type',
  'subject',
  'endpoint_subject',
  'accepted_at',
  'status',
  'reason',
  'round',
  'attempt_count',
  'next_attempt_at',
  'completed_at',
] as const;

export type FoundDelivery = Pick<Tables['audit.deliveries'], (typeof columns)[number]>;
export type FoundAttempt = Tables['audit.attempts'];
export type FoundDeadLetter = Tables['audit.dead_letters'];

type DeliveryQuery = SelectQueryBuilder<Tables, 'audit.deliveries', object>;

/** A subject sees what goes to its own endpoints: not what the tenant sends elsewhere, though it be about it. */
const seenBy = (trx: Trx, viewer: Viewer): DeliveryQuery => {
  const query = trx
    .selectFrom('audit.deliveries')
    .where('tenant_id', '=', viewer.tenantId)
    .where('accepted_at', '>=', new Date(viewer.visibleFromMs));
  return viewer.subject === undefined ? query : query.where('endpoint_subject', '=', viewer.subject);
};

/** By the primary key, in the day of its acceptance. Finds tests too. */
export const findDelivery = (
  trx: Trx,
  viewer: Viewer,
  { id, acceptedAtMs }: { id: string; acceptedAtMs: number },
): Promise<FoundDelivery | undefined> =>
  seenBy(trx, viewer)
    .select(columns)
    .where('accepted_day', '=', dayValue(acceptedAtMs))
    .where('id', '=', id)
    .executeTakeFirst();

const daysOf = (deliveries: readonly FoundDelivery[]): string[] => [
  ...new Set(deliveries.map(({ accepted_at }) => dayText(dayOf(accepted_at.getTime())))),
];

/** The attempts of these deliveries by delivery id, each by number. Leans on attempts_delivery. */
export const attemptsOf = async (
  trx: Trx,
  tenantId: string,
  deliveries: readonly FoundDelivery[],
): Promise<ReadonlyMap<string, readonly FoundAttempt[]>> => {
  if (deliveries.length === 0) return new Map();
  const attempts = await trx
    .selectFrom('audit.attempts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`accepted_day = any(${daysOf(deliveries)}::date[])`)
    .where(sql<boolean>`delivery_id = any(${deliveries.map(({ id }) => id)}::uuid[])`)
    .orderBy('number')
    .orderBy('started_at')
    .orderBy('id')
    .execute();
  return Map.groupBy(attempts, ({ delivery_id }) => delivery_id);
};

/** In order of id. Leans on deliveries_event. */
export const deliveriesOf = (
  trx: Trx,
  viewer: Viewer,
  event: { id: string; acceptedAtMs: number },
): Promise<FoundDelivery[]> =>
  seenBy(trx, viewer)
    .select(columns)
    .where('accepted_day', '=', dayValue(event.acceptedAtMs))
    .where('event_id', '=', event.id)
    .where('is_test', '=', false)
    .orderBy('id')
    .execute();

export interface DeliveryFilter extends Period {
  readonly endpointId: string | undefined;
  readonly eventId: string | undefined;
  readonly eventType: string | undefined;
  /** Any of these; none: any at all. */
  readonly statuses: readonly DeliveryStatus[];
  readonly subject: string | undefined;
  /** Tests too. */
  readonly withTests: boolean;
  /** Only those of which an attempt was made. */
  readonly triedOnly: boolean;
}

/** Leans on the index of the first of status, endpoint, event and subject, of the event or the viewer, that is given. */
export const matchingDeliveries = (trx: Trx, viewer: Viewer, filter: DeliveryFilter): DeliveryQuery => {
  const { fromMs, toMs } = boundsOf(viewer, filter);
  const { untilMs, statuses } = filter;
  let query = seenBy(trx, viewer)
    .where('accepted_day', '>=', dayValue(fromMs))
    .where('accepted_day', '<=', dayValue(toMs))
    .where('accepted_at', '>=', new Date(fromMs));
  if (untilMs !== undefined) query = query.where('accepted_at', '<', new Date(untilMs));
  if (!filter.withTests) query = query.where('is_test', '=', false);
  if (filter.triedOnly) query = query.where('attempt_count', '>', 0);
  if (filter.endpointId !== undefined) query = query.where('endpoint_id', '=', filter.endpointId);
  if (filter.eventId !== undefined) query = query.where('event_id', '=', filter.eventId);
  if (filter.eventType !== undefined) query = query.where('event_type', '=', filter.eventType);
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
  // As literals: a partial index is used only where the planner sees that its condition holds.
  if (statuses.length > 0) {
    query = query.where(sql<boolean>`status in (${sql.join(statuses.map((status) => sql.lit(status)))})`);
  }
  return query;
};

/** Newest first. */
export const listDeliveries = (
  trx: Trx,
  viewer: Viewer,
  filter: DeliveryFilter,
  { after, offset, limit }: Slice,
): Promise<FoundDelivery[]> => {
  let query = matchingDeliveries(trx, viewer, filter).select(columns);
  if (after !== undefined) {
    query = query
      .where('accepted_day', '<=', dayValue(after.acceptedAtMs))
      .where(sql<boolean>`(accepted_at, id) < (${new Date(after.acceptedAtMs)}::timestamptz, ${after.id}::uuid)`);
  }
  return query.orderBy('accepted_at', 'desc').orderBy('id', 'desc').limit(limit).offset(offset).execute();
};

/** All that there are, on every page of the list. */
export const countDeliveries = async (trx: Trx, viewer: Viewer, filter: DeliveryFilter): Promise<number> => {
  const { total } = await matchingDeliveries(trx, viewer, filter)
    .select(sql<number>`count(*)::double precision`.as('total'))
    .executeTakeFirstOrThrow();
  return total;
};

/** The letters of these deliveries, by delivery id. */
export const deadLettersOf = async (
  trx: Trx,
  tenantId: string,
  deliveries: readonly FoundDelivery[],
): Promise<ReadonlyMap<string, FoundDeadLetter>> => {
  if (deliveries.length === 0) return new Map();
  const letters = await trx
    .selectFrom('audit.dead_letters')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`accepted_day = any(${daysOf(deliveries)}::date[])`)
    .where(sql<boolean>`id = any(${deliveries.map(({ id }) => id)}::uuid[])`)
    .execute();
  return new Map(letters.map((letter) => [letter.id, letter]));
};
