import type { SealedSecret } from '@bellwire/contracts';
import type { Tx } from './schema.ts';

interface Owner {
  tenantId: string;
  endpointId: string;
}

/** Of several endpoints of one tenant, by primary key; newest first. */
export const secretsOf = async (
  tx: Tx,
  tenantId: string,
  endpointIds: readonly string[],
): Promise<ReadonlyMap<string, SealedSecret[]>> => {
  const found = new Map<string, SealedSecret[]>(endpointIds.map((id) => [id, []]));
  if (endpointIds.length === 0) return found;
  const rows = await tx
    .selectFrom('registry.endpoint_secrets')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('endpoint_id', 'in', endpointIds)
    .orderBy('version', 'desc')
    .execute();
  for (const { endpoint_id, version, sealed, expires_at } of rows) {
    found.get(endpoint_id)?.push({ version, sealed, expiresAtMs: expires_at?.getTime() });
  }
  return found;
};

/** Makes these the secrets of an endpoint whose row the transaction holds; the others are forgotten. */
export const replaceSecrets = async (
  tx: Tx,
  { tenantId, endpointId }: Owner,
  secrets: readonly SealedSecret[],
): Promise<void> => {
  await tx
    .deleteFrom('registry.endpoint_secrets')
    .where('tenant_id', '=', tenantId)
    .where('endpoint_id', '=', endpointId)
    .execute();
  const rows = secrets.map(({ version, sealed, expiresAtMs }) => ({
    tenant_id: tenantId,
    endpoint_id: endpointId,
    version,
    sealed,
    expires_at: expiresAtMs === undefined ? null : new Date(expiresAtMs),
  }));
  await tx.insertInto('registry.endpoint_secrets').values(rows).execute();
};
