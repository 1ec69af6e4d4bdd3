import type { ApiKey, ApiKeyState } from '@bellwire/contracts';
import type { ApiKeyRow, Slice, Tx } from './schema.ts';

const toApiKey = (row: ApiKeyRow): ApiKey => ({
  id: row.key_id,
  tenantId: row.tenant_id,
  name: row.name,
  scopes: row.scopes,
  subject: row.subject ?? undefined,
  hint: row.hint,
  createdAt: row.created_at,
  revokedAt: row.revoked_at ?? undefined,
});

/** An API key with its hash, which registry and the views alone know. */
export type StoredApiKey = ApiKeyState & { apiKey: ApiKey };

const toStored = (row: ApiKeyRow): StoredApiKey => ({ apiKey: toApiKey(row), hash: row.hash });

export const insertApiKey = async (tx: Tx, { apiKey, hash }: StoredApiKey, createdAt: Date): Promise<void> => {
  const row: ApiKeyRow = {
    tenant_id: apiKey.tenantId,
    key_id: apiKey.id,
    name: apiKey.name,
    scopes: apiKey.scopes,
    subject: apiKey.subject ?? null,
    hint: apiKey.hint,
    hash,
    created_at: createdAt,
    revoked_at: null,
  };
  await tx.insertInto('registry.api_keys').values(row).execute();
};

/** By primary key; locked until the transaction ends. */
export const lockApiKey = async (tx: Tx, tenantId: string, keyId: string): Promise<StoredApiKey | undefined> => {
  const row = await tx
    .selectFrom('registry.api_keys')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('key_id', '=', keyId)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? undefined : toStored(row);
};

export const setRevoked = async (tx: Tx, { tenantId, id }: ApiKey, revokedAt: Date): Promise<void> => {
  await tx
    .updateTable('registry.api_keys')
    .set({ revoked_at: revokedAt })
    .where('tenant_id', '=', tenantId)
    .where('key_id', '=', id)
    .execute();
};

/** Of one tenant, by primary key. */
export const listApiKeys = async (tx: Tx, tenantId: string, slice: Slice): Promise<readonly StoredApiKey[]> => {
  const rows = await tx
    .selectFrom('registry.api_keys')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('key_id', '>', slice.after)
    .orderBy('key_id')
    .limit(slice.limit)
    .$if(slice.lock === true, (query) => query.forUpdate())
    .execute();
  return rows.map(toStored);
};
