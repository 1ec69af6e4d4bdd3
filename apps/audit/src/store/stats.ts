import { sql, type RawBuilder } from 'kysely';
import { matchingDeliveries, type DeliveryFilter } from './deliveries.ts';
import type { Trx, Viewer } from './reading.ts';

/** Rows that each say something of the deliveries of one endpoint, where it was asked for apart; else of all others. */
interface OfEndpoint {
  endpoint: string | null;
}

export interface DeliveryCount extends OfEndpoint {
  status: string;
  deliveries: number;
  /** Those that have ended after an attempt or more, and how many attempts they took together. */
  ended: number;
  ended_attempts: number;
  due_retries: number;
}

export interface AttemptCount extends OfEndpoint {
  /** Null: a word that the writer did not know. */
  outcome: string | null;
  response_status: number | null;
  attempts: number;
  retries: number;
  rate_limited: number;
  duration_ms: number;
  last_attempt_at: Date;
}

export interface EventTypeCount {
  event_type: string;
  deliveries: number;
  delivered: number;
  failed: number;
}

const count = (): RawBuilder<number> => sql<number>`count(*)::double precision`;
const countWhere = (condition: RawBuilder<unknown>): RawBuilder<number> =>
  sql<number>`(count(*) filter (where ${condition}))::double precision`;

const isDelivered = sql`status = 'delivered'`;
const isDead = sql`status = 'dead_lettered'`;
const hasEnded = sql`status in ('delivered', 'dead_lettered', 'skipped', 'cancelled') and attempt_count > 0`;

const endpointIn = (endpointIds: readonly string[]): RawBuilder<string | null> =>
  sql<string | null>`case when counted.endpoint_id = any(${endpointIds}::text[]) then counted.endpoint_id end`;

const countedBy = (trx: Trx, viewer: Viewer, filter: DeliveryFilter) =>
  matchingDeliveries(trx, viewer, filter)
    .select(['accepted_day', 'id', 'endpoint_id', 'event_type', 'status', 'attempt_count', 'next_attempt_at'])
    .as('counted');

/** The endpoints that most deliveries failed at, then those with most retries under way, then the busiest. */
export const failingEndpoints = async (
  trx: Trx,
  viewer: Viewer,
  filter: DeliveryFilter,
  limit: number,
): Promise<string[]> => {
  const rows = await trx
    .selectFrom(countedBy(trx, viewer, filter))
    .select('endpoint_id')
    .groupBy('endpoint_id')
    .orderBy(countWhere(isDead), 'desc')
    .orderBy(countWhere(sql`status = 'retrying'`), 'desc')
    .orderBy(count(), 'desc')
    .orderBy('endpoint_id')
    .limit(limit)
    .execute();
  return rows.map(({ endpoint_id }) => endpoint_id);
};

/** By status. */
export const countDeliveryStates = (
  trx: Trx,
  viewer: Viewer,
  filter: DeliveryFilter,
  { endpointIds, nowMs }: { endpointIds: readonly string[]; nowMs: number },
): Promise<DeliveryCount[]> =>
  trx
    .selectFrom(countedBy(trx, viewer, filter))
    .select([
      endpointIn(endpointIds).as('endpoint'),
      'status',
      count().as('deliveries'),
      countWhere(hasEnded).as('ended'),
      sql<number>`coalesce(sum(attempt_count) filter (where ${hasEnded}), 0)::double precision`.as('ended_attempts'),
      countWhere(sql`status = 'retrying' and next_attempt_at <= ${new Date(nowMs)}`).as('due_retries'),
    ])
    .groupBy(['endpoint', 'status'])
    .execute();

/** By outcome and status of the response. */
export const countAttempts = (
  trx: Trx,
  viewer: Viewer,
  filter: DeliveryFilter,
  endpointIds: readonly string[],
): Promise<AttemptCount[]> =>
  trx
    .selectFrom(countedBy(trx, viewer, filter))
    .innerJoin('audit.attempts as attempt', (join) =>
      join
        .onRef('attempt.accepted_day', '=', 'counted.accepted_day')
        .onRef('attempt.delivery_id', '=', 'counted.id')
        .on('attempt.tenant_id', '=', viewer.tenantId),
    )
    .select([
      endpointIn(endpointIds).as('endpoint'),
      'attempt.outcome',
      'attempt.response_status',
      count().as('attempts'),
      countWhere(sql`attempt.number > 1`).as('retries'),
      countWhere(sql`attempt.timings like '%"rate_limit_slot":%'`).as('rate_limited'),
      sql<number>`sum(attempt.duration_ms)`.as('duration_ms'),
      sql<Date>`max(attempt.started_at)`.as('last_attempt_at'),
    ])
    .groupBy(['endpoint', 'attempt.outcome', 'attempt.response_status'])
    .execute();

/** The most deliveries first. */
export const countEventTypes = (
  trx: Trx,
  viewer: Viewer,
  filter: DeliveryFilter,
  limit: number,
): Promise<EventTypeCount[]> =>
  trx
    .selectFrom(countedBy(trx, viewer, filter))
    .select([
      'event_type',
      count().as('deliveries'),
      countWhere(isDelivered).as('delivered'),
      countWhere(isDead).as('failed'),
    ])
    .groupBy('event_type')
    .orderBy('deliveries', 'desc')
    .orderBy('event_type')
    .limit(limit)
    .execute();
