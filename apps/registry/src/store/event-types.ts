import type { EventType } from '@bellwire/contracts';
import type { EventTypeRow, Slice, Tx } from './schema.ts';

/** An event type whose times are real. */
export type StoredEventType = EventType & { createdAt: Date; updatedAt: Date };

const toEventType = (row: EventTypeRow): StoredEventType => ({
  name: row.name,
  description: row.description,
  schema: row.schema,
  example: row.example,
  version: row.version,
  archived: row.archived,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const toRow = (tenantId: string, eventType: StoredEventType): EventTypeRow => ({
  tenant_id: tenantId,
  name: eventType.name,
  description: eventType.description,
  schema: eventType.schema,
  example: eventType.example,
  version: eventType.version,
  archived: eventType.archived,
  created_at: eventType.createdAt,
  updated_at: eventType.updatedAt,
});

/** Those whose name was free; the names that were taken are left as they are. Waits for a transaction that is taking one. */
export const insertEventTypes = async (
  tx: Tx,
  tenantId: string,
  eventTypes: readonly StoredEventType[],
): Promise<readonly StoredEventType[]> => {
  if (eventTypes.length === 0) return [];
  const rows = await tx
    .insertInto('registry.event_types')
    // In one order, so that two transactions that learn the same names wait for each other and do not deadlock.
    .values(eventTypes.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((eventType) => toRow(tenantId, eventType)))
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .execute();
  return rows.map(toEventType);
};

/** By primary key. */
export const findEventType = async (
  tx: Tx,
  tenantId: string,
  name: string,
  lock = false,
): Promise<StoredEventType | undefined> => {
  const row = await tx
    .selectFrom('registry.event_types')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('name', '=', name)
    .$if(lock, (query) => query.forUpdate())
    .executeTakeFirst();
  return row === undefined ? undefined : toEventType(row);
};

export const saveEventType = async (tx: Tx, tenantId: string, eventType: StoredEventType): Promise<void> => {
  await tx
    .updateTable('registry.event_types')
    .set(toRow(tenantId, eventType))
    .where('tenant_id', '=', tenantId)
    .where('name', '=', eventType.name)
    .execute();
};

/** Of one tenant, by primary key. */
export const listEventTypes = async (tx: Tx, tenantId: string, slice: Slice): Promise<readonly StoredEventType[]> => {
  const rows = await tx
    .selectFrom('registry.event_types')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('name', '>', slice.after)
    .orderBy('name')
    .limit(slice.limit)
    .$if(slice.lock === true, (query) => query.forUpdate())
    .execute();
  return rows.map(toEventType);
};
