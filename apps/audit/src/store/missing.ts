import { CompiledQuery, sql } from 'kysely';
import { dayOf } from '../days.ts';
import { insertFrom } from './insert.ts';
import type { Overdue } from './overdue.ts';
import type { Slice, Trx } from './reading.ts';

interface MissingRow extends Overdue {
  readonly checkedAtMs: number;
}

const isSameState = '(excluded.state_order is not distinct from kept.state_order)';

const upsertMissing = insertFrom<MissingRow>(
  'audit.missing',
  {
    accepted_day: ['day', (row) => dayOf(row.acceptedAtMs)],
    id: ['text', (row) => row.id],
    tenant_id: ['text', (row) => row.tenantId],
    accepted_at: ['time', (row) => row.acceptedAtMs],
    event_id: ['text', (row) => row.eventId],
    delivery_id: ['uuid', (row) => (row.kind === 'delivery' ? row.id : undefined)],
    state_order: ['text', (row) => row.stateOrder],
    found_at: ['time', (row) => row.checkedAtMs],
    checked_at: ['time', (row) => row.checkedAtMs],
  },
  `on conflict (accepted_day, id) do update set
     found_at = case when ${isSameState} then kept.found_at else excluded.found_at end,
     state_order = excluded.state_order, checked_at = excluded.checked_at`,
);

/** Keeps what the check of that time has found. */
export const keepMissing = async (trx: Trx, missing: readonly Overdue[], checkedAtMs: number): Promise<void> => {
  if (missing.length === 0) return;
  const { text, values } = upsertMissing(missing.map((one) => ({ ...one, checkedAtMs })));
  await trx.executeQuery(CompiledQuery.raw(text, values));
};

/** The last check that came to its end. */
export interface Check {
  readonly checkedAtMs: number;
  /** How far audit was. */
  readonly asOfMs: number;
  readonly tookMs: number;
  readonly missingDeliveries: number;
  readonly missingEvents: number;
}

/** The check has come to its end: what it has not found is not missing any more. */
export const keepCheck = async (trx: Trx, check: Check): Promise<void> => {
  const row = {
    checked_at: new Date(check.checkedAtMs),
    as_of: new Date(check.asOfMs),
    took_ms: check.tookMs,
    missing_deliveries: check.missingDeliveries,
    missing_events: check.missingEvents,
  };
  await trx.deleteFrom('audit.missing').where('checked_at', '!=', row.checked_at).execute();
  await trx
    .insertInto('audit.reconcile_checks')
    .values(row)
    .onConflict((conflict) => conflict.column('only_one').doUpdateSet(row))
    .execute();
};

export const lastCheck = async (trx: Trx): Promise<Check | undefined> => {
  const row = await trx.selectFrom('audit.reconcile_checks').selectAll().executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    checkedAtMs: row.checked_at.getTime(),
    asOfMs: row.as_of.getTime(),
    tookMs: row.took_ms,
    missingDeliveries: row.missing_deliveries,
    missingEvents: row.missing_events,
  };
};

/** Whose missing deliveries are asked for. */
export interface MissingViewer {
  /** Undefined: of all tenants. */
  readonly tenantId: string | undefined;
  readonly subject: string | undefined;
  readonly visibleFromMs: number;
}

/** Those that are as they were found: not those that have gone on since, or were redelivered or cancelled. */
const stillMissing = (trx: Trx, { tenantId, subject, visibleFromMs }: MissingViewer) => {
  let query = trx
    .selectFrom('audit.missing as missing')
    .leftJoin('audit.deliveries as delivery', (on) =>
      on.onRef('delivery.accepted_day', '=', 'missing.accepted_day').onRef('delivery.id', '=', 'missing.delivery_id'),
    )
    .leftJoin('audit.events as event', (on) =>
      on
        .onRef('event.accepted_day', '=', 'missing.accepted_day')
        .onRef('event.id', '=', 'missing.event_id')
        .on('missing.delivery_id', 'is', null),
    )
    .where('missing.accepted_at', '>=', new Date(visibleFromMs))
    .where(
      sql<boolean>`(delivery.state_order = missing.state_order or (event.id is not null and event.planned_at is null))`,
    );
  if (tenantId !== undefined) query = query.where('missing.tenant_id', '=', tenantId);
  if (subject !== undefined)
    query = query.where(sql<string>`coalesce(delivery.endpoint_subject, event.subject)`, '=', subject);
  return query;
};

/** Newest first. */
export const listMissing = (trx: Trx, viewer: MissingViewer, { after, limit }: Slice) => {
  let query = stillMissing(trx, viewer).select([
    'missing.id',
    'missing.tenant_id',
    'missing.accepted_at',
    'missing.event_id',
    'missing.delivery_id',
    'missing.state_order',
    'missing.found_at',
    'delivery.endpoint_id',
    'delivery.status',
    'delivery.reason',
    'delivery.round',
    'delivery.attempt_count',
    'delivery.next_attempt_at',
    sql<string>`coalesce(delivery.event_type, event.type)`.as('event_type'),
    sql<string | null>`coalesce(delivery.subject, event.subject)`.as('subject'),
  ]);
  if (after !== undefined) {
    query = query.where(
      sql<boolean>`(missing.accepted_at, missing.id) < (${new Date(after.acceptedAtMs)}::timestamptz, ${after.id})`,
    );
  }
  return query.orderBy('missing.accepted_at', 'desc').orderBy('missing.id', 'desc').limit(limit).execute();
};

export type FoundMissing = Awaited<ReturnType<typeof listMissing>>[number];

export const countMissing = async (trx: Trx, viewer: MissingViewer): Promise<number> => {
  const { total } = await stillMissing(trx, viewer)
    .select(sql<number>`count(*)::double precision`.as('total'))
    .executeTakeFirstOrThrow();
  return total;
};
