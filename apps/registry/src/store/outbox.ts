import { sql, type Kysely } from 'kysely';
import { acrossTenants } from '@bellwire/persistence';
import type { Outbox } from '../ports.ts';
import type { RegistryTables, Tx } from './schema.ts';

/** A row of the outbox before it has an id. */
export interface NewChange {
  key: string;
  /** Null: the key is deleted. */
  value: Uint8Array | null;
}

/**
 * Adds rows within the transaction that writes their state, after it has locked what they are about: so, for one key,
 * ids rise in the order of commits. Answers the ids.
 */
export const addToOutbox = async (
  tx: Tx,
  tenantId: string,
  changes: readonly NewChange[],
  headers: Readonly<Record<string, string>>,
): Promise<readonly number[]> => {
  if (changes.length === 0) return [];
  const rows = changes.map(({ key, value }) => ({
    tenant_id: tenantId,
    key,
    value: value === null ? null : Buffer.from(value),
    headers: JSON.stringify(headers),
  }));
  const added = await tx.insertInto('registry.outbox').values(rows).returning('id').execute();
  return added.map(({ id }) => Number(id));
};

/** Ids of what is committed for these keys and not yet on the log, by (tenant). */
export const pendingInOutbox = async (
  tx: Tx,
  tenantId: string,
  keys: readonly string[],
): Promise<readonly number[]> => {
  if (keys.length === 0) return [];
  const rows = await tx
    .selectFrom('registry.outbox')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('key', 'in', keys)
    .execute();
  return rows.map(({ id }) => Number(id));
};

/**
 * The outbox in Postgres. An advisory lock, held until the transaction ends, lets one drain at a time through, whatever
 * the number of processes: else a slow one could put an older state on the log after a newer.
 */
export const outboxOn = (db: Kysely<RegistryTables>): Outbox => ({
  take: (limit, publish) =>
    acrossTenants(db, async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended('bellwire.registry.outbox', 0))`.execute(tx);
      const rows = await tx
        .selectFrom('registry.outbox')
        .select(['tenant_id', 'id', 'key', 'value', 'headers'])
        .orderBy('id')
        .limit(limit)
        .execute();
      if (rows.length === 0) return 0;
      await publish(rows.map(({ id, key, value, headers }) => ({ id: Number(id), key, value, headers })));
      await tx
        .deleteFrom('registry.outbox')
        .where('tenant_id', 'in', [...new Set(rows.map((row) => row.tenant_id))])
        .where(
          'id',
          'in',
          rows.map((row) => row.id),
        )
        .execute();
      return rows.length;
    }),
});
