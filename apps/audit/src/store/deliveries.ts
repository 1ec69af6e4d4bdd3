import { sql, type SelectQueryBuilder } from 'kysely';
import type { DeliveryStatus } from '@bellwire/domain';
import { dayOf, dayText } from '../days.ts';
import { boundsOf, dayValue, type Slice, type Trx, type Viewer } from './reading.ts';
import type { Tables } from './tables.ts';

const columns = [
  'id',
  'endpoint_id',
  'event_id',
  'event_type',
  'subject',
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

const seenBy = (trx: Trx, viewer: Viewer): DeliveryQuery => {
  const query = trx
    .selectFrom('audit.deliveries')
    .where('tenant_id', '=', viewer.tenantId)
    .where('accepted_at', '>=', new Date(viewer.visibleFromMs));
  return viewer.subject === undefined ? query : query.where('subject', '=', viewer.subject);
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

/** By number. Leans on attempts_delivery. */
export const attemptsOf = (
  trx: Trx,
  tenantId: string,
  { id, acceptedAtMs }: { id: string; acceptedAtMs: number },
): Promise<FoundAttempt[]> =>
  trx
    .selectFrom('audit.attempts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('accepted_day', '=', dayValue(acceptedAtMs))
    .where('delivery_id', '=', id)
    .orderBy('number')
    .orderBy('started_at')
    .orderBy('id')
    .execute();

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

export interface DeliveryFilter extends Slice {
  readonly endpointId: string | undefined;
  readonly eventId: string | undefined;
  readonly eventType: string | undefined;
  readonly status: DeliveryStatus | undefined;
  readonly subject: string | undefined;
}

/** Newest first, without tests. Leans on the index of the first of status, endpoint, event and subject that is given. */
export const listDeliveries = (trx: Trx, viewer: Viewer, filter: DeliveryFilter): Promise<FoundDelivery[]> => {
  const { fromMs, toMs } = boundsOf(viewer, filter);
  const { after, untilMs } = filter;
  let query = seenBy(trx, viewer)
    .select(columns)
    .where('is_test', '=', false)
    .where('accepted_day', '>=', dayValue(fromMs))
    .where('accepted_day', '<=', dayValue(toMs))
    .where('accepted_at', '>=', new Date(fromMs));
  if (untilMs !== undefined) query = query.where('accepted_at', '<', new Date(untilMs));
  if (filter.endpointId !== undefined) query = query.where('endpoint_id', '=', filter.endpointId);
  if (filter.eventId !== undefined) query = query.where('event_id', '=', filter.eventId);
  if (filter.eventType !== undefined) query = query.where('event_type', '=', filter.eventType);
  if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
  // As a literal: a partial index is used only where the planner sees that its condition holds.
  if (filter.status !== undefined) query = query.where(sql<boolean>`status = ${sql.lit(filter.status)}`);
  if (after !== undefined) {
    query = query.where(
      sql<boolean>`(accepted_at, id) < (${new Date(after.acceptedAtMs)}::timestamptz, ${after.id}::uuid)`,
    );
  }
  return query.orderBy('accepted_at', 'desc').orderBy('id', 'desc').limit(filter.limit).execute();
};

/** The letters of these deliveries, by delivery id. */
export const deadLettersOf = async (
  trx: Trx,
  tenantId: string,
  deliveries: readonly FoundDelivery[],
): Promise<ReadonlyMap<string, FoundDeadLetter>> => {
  if (deliveries.length === 0) return new Map();
  const days = new Set(deliveries.map(({ accepted_at }) => dayText(dayOf(accepted_at.getTime()))));
  const letters = await trx
    .selectFrom('audit.dead_letters')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(sql<boolean>`accepted_day = any(${[...days]}::date[])`)
    .where(sql<boolean>`id = any(${deliveries.map(({ id }) => id)}::uuid[])`)
    .execute();
  return new Map(letters.map((letter) => [letter.id, letter]));
};
