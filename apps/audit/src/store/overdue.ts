import { sql } from 'kysely';
import { changedBefore } from '../delivery-state.ts';
import { dayValue, type Trx } from './reading.ts';

/** What is past its time: a delivery that has not ended, or an event without a fan-out. */
export interface Overdue {
  readonly kind: 'delivery' | 'event';
  readonly tenantId: string;
  readonly acceptedAtMs: number;
  readonly id: string;
  readonly eventId: string;
  readonly round: number;
  /** Of the delivery. */
  readonly stateOrder: string | undefined;
}

export interface OverdueBounds {
  /** What was accepted before is past the retention. */
  readonly visibleFromMs: number;
  /** Whatever it waits for was due before then. */
  readonly dueBeforeMs: number;
}

/** In order of tenant and acceptance, as their indexes have them. */
type After = Pick<Overdue, 'tenantId' | 'acceptedAtMs' | 'id'> | undefined;

/** Came into its state, and was to be tried again if that is known, before then. Leans on deliveries_open. */
const overdueDeliveries = async (trx: Trx, bounds: OverdueBounds, after: After, limit: number): Promise<Overdue[]> => {
  const { visibleFromMs, dueBeforeMs } = bounds;
  let query = trx
    .selectFrom('audit.deliveries')
    .select(['tenant_id', 'accepted_at', 'id', 'event_id', 'round', 'state_order'])
    // As it stands in the index, or that is not used.
    .where(sql<boolean>`status in ('pending', 'held', 'retrying')`)
    .where('is_test', '=', false)
    .where('accepted_day', '>=', dayValue(visibleFromMs))
    .where('accepted_at', '>=', new Date(visibleFromMs))
    .where('accepted_at', '<', new Date(dueBeforeMs))
    .where(changedBefore(dueBeforeMs))
    .where((or) => or.or([or('next_attempt_at', 'is', null), or('next_attempt_at', '<', new Date(dueBeforeMs))]));
  if (after !== undefined) {
    const { tenantId, acceptedAtMs, id } = after;
    query = query.where(
      sql<boolean>`(tenant_id, accepted_at, id) > (${tenantId}, ${new Date(acceptedAtMs)}::timestamptz, ${id}::uuid)`,
    );
  }
  const rows = await query.orderBy('tenant_id').orderBy('accepted_at').orderBy('id').limit(limit).execute();
  return rows.map(({ tenant_id, accepted_at, id, event_id, round, state_order }) => ({
    kind: 'delivery',
    tenantId: tenant_id,
    acceptedAtMs: accepted_at.getTime(),
    id,
    eventId: event_id,
    round,
    stateOrder: state_order,
  }));
};

/** Accepted before then. Leans on events_unplanned. */
const overdueEvents = async (trx: Trx, bounds: OverdueBounds, after: After, limit: number): Promise<Overdue[]> => {
  const { visibleFromMs, dueBeforeMs } = bounds;
  let query = trx
    .selectFrom('audit.events')
    .select(['tenant_id', 'accepted_at', 'id'])
    .where('planned_at', 'is', null)
    .where('data', 'is not', null)
    .where('accepted_day', '>=', dayValue(visibleFromMs))
    .where('accepted_at', '>=', new Date(visibleFromMs))
    .where('accepted_at', '<', new Date(dueBeforeMs));
  if (after !== undefined) {
    const { tenantId, acceptedAtMs, id } = after;
    query = query.where(
      sql<boolean>`(tenant_id, accepted_at, id) > (${tenantId}, ${new Date(acceptedAtMs)}::timestamptz, ${id})`,
    );
  }
  const rows = await query.orderBy('tenant_id').orderBy('accepted_at').orderBy('id').limit(limit).execute();
  return rows.map(({ tenant_id, accepted_at, id }) => ({
    kind: 'event',
    tenantId: tenant_id,
    acceptedAtMs: accepted_at.getTime(),
    id,
    eventId: id,
    round: 1,
    stateOrder: undefined,
  }));
};

/** What comes after one in a list of all: deliveries first. Empty at its end only. */
export const overdueAfter = async (
  trx: Trx,
  bounds: OverdueBounds,
  after: Overdue | undefined,
  limit: number,
): Promise<readonly Overdue[]> => {
  // Postgres knows neither how many deliveries are open for long nor that all tenants are wanted: it would read them all for
  // each page, and sort.
  await sql`set local enable_sort = off`.execute(trx);
  if (after?.kind === 'event') return overdueEvents(trx, bounds, after, limit);
  const deliveries = await overdueDeliveries(trx, bounds, after, limit);
  return deliveries.length > 0 ? deliveries : overdueEvents(trx, bounds, undefined, limit);
};
