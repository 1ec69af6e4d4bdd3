import { sql, type Kysely } from 'kysely';
import { acrossTenants } from '@bellwire/persistence';
import { reservationMs, reservationName, type Reservation, type Reservations, type Reserved } from '../ports.ts';

// Statements name their columns themselves; nothing is built with the table types of Kysely.
type Tables = Record<string, never>;

interface Row {
  tenant_id: string;
  key: string;
  body_hash: string;
  event_id: string;
  accepted_at_ms: string;
  is_new: boolean;
  is_on_log: boolean;
}

const toReserved = (row: Row): Reserved => ({
  tenantId: row.tenant_id,
  key: row.key,
  eventId: row.event_id,
  bodyHash: row.body_hash,
  acceptedAtMs: Number(row.accepted_at_ms),
  isNew: row.is_new,
  isOnLog: row.is_on_log,
});

/** Rows to propose, in order of the key, so that two processes never wait for each other in a circle. */
const proposed = (reservations: readonly Reservation[]) => sql`
    select tenant_id, key, decode(body_hash, 'hex') as body_hash, event_id, accepted_at_ms
    from unnest(
      ${reservations.map(({ tenantId }) => tenantId)}::text[],
      ${reservations.map(({ key }) => key)}::text[],
      ${reservations.map(({ bodyHash }) => bodyHash)}::text[],
      ${reservations.map(({ eventId }) => eventId)}::text[],
      ${reservations.map(({ acceptedAtMs }) => acceptedAtMs)}::bigint[]
    ) as w (tenant_id, key, body_hash, event_id, accepted_at_ms)
    order by tenant_id collate "C", key collate "C"`;

/**
 * Takes what is free or over, and reads the rest, in one statement on the primary key. Rejected: `do update` of every row,
 * which writes a new version of the row for each repeat and cannot say who came first.
 */
const reserveOnce = (wanted: readonly Reservation[], expiredAtMs: number) => sql<Row>`
  with wanted as (${proposed(wanted)}), taken as (
    insert into ingestion.reservations as r (tenant_id, key, body_hash, event_id, accepted_at_ms)
    select tenant_id, key, body_hash, event_id, accepted_at_ms from wanted
    on conflict (tenant_id, key) do update
      set body_hash = excluded.body_hash, event_id = excluded.event_id, accepted_at_ms = excluded.accepted_at_ms
      where r.accepted_at_ms <= ${expiredAtMs}::bigint
    returning r.tenant_id, r.key, r.body_hash, r.event_id, r.accepted_at_ms
  )
  select tenant_id, key, encode(body_hash, 'hex') as body_hash, event_id, accepted_at_ms, true as is_new,
    false as is_on_log
  from taken
  union all
  select r.tenant_id, r.key, encode(r.body_hash, 'hex'), r.event_id, r.accepted_at_ms, false,
    r.on_log_accepted_at_ms is not distinct from r.accepted_at_ms
  from ingestion.reservations r join wanted w on r.tenant_id = w.tenant_id and r.key = w.key
  where r.accepted_at_ms > ${expiredAtMs}::bigint`;

/**
 * A mark is that of one event: it is no other's that has the key now. It may be lost with a crash of Postgres, which costs
 * one more write of a repeat; so its commit does not wait for the disk.
 */
const markOnce = (onLog: readonly Reservation[]) => sql`
  with on_log as (${proposed(onLog)}), quick as materialized (select set_config('synchronous_commit', 'off', true))
  insert into ingestion.reservations as r
    (tenant_id, key, body_hash, event_id, accepted_at_ms, on_log_accepted_at_ms)
  select tenant_id, key, body_hash, event_id, accepted_at_ms, accepted_at_ms from on_log, quick
  on conflict (tenant_id, key) do update
    set body_hash = excluded.body_hash, event_id = excluded.event_id, accepted_at_ms = excluded.accepted_at_ms,
      on_log_accepted_at_ms = excluded.on_log_accepted_at_ms
    where (r.event_id, r.body_hash, r.accepted_at_ms) = (excluded.event_id, excluded.body_hash, excluded.accepted_at_ms)
      or r.accepted_at_ms <= excluded.accepted_at_ms - ${reservationMs}::bigint`;

// A row that another process took while the statement waited for it is not in the statement's snapshot; it is in the next.
const maxTries = 3;

/** Reservations in Postgres, shared by all ingestion processes. */
export const openReservations = (db: Kysely<Tables>): Reservations => ({
  reserve: async (wanted, expiredAtMs) => {
    const found = new Map<string, Reserved>();
    let missing = wanted;
    for (let tries = 0; missing.length > 0; tries++) {
      if (tries === maxTries) throw new Error(`${missing.length} reservations could not be read`);
      const asked = missing;
      const { rows } = await acrossTenants(db, (trx) => reserveOnce(asked, expiredAtMs).execute(trx));
      for (const row of rows.map(toReserved)) found.set(reservationName(row), row);
      missing = missing.filter((one) => !found.has(reservationName(one)));
    }
    return [...found.values()];
  },

  markOnLog: (onLog) => acrossTenants(db, async (trx) => void (await markOnce(onLog).execute(trx))),

  ping: () =>
    acrossTenants(db, async (trx) => void (await sql`select from ingestion.reservations limit 1`.execute(trx))),

  deleteExpired: (expiredAtMs, limit) =>
    acrossTenants(db, async (trx) => {
      const { numAffectedRows } = await sql`
        delete from ingestion.reservations where (tenant_id, key) in (
          select tenant_id, key from ingestion.reservations where accepted_at_ms <= ${expiredAtMs}::bigint
          order by accepted_at_ms limit ${limit} for update skip locked
        )`.execute(trx);
      return Number(numAffectedRows ?? 0n);
    }),
});
