import type { RegistryChange } from '@bellwire/contracts';
import type { Logger } from '@bellwire/lifecycle';
import type { RegistryView } from '@bellwire/registry-view';
import type { Commit } from './commit-changes.ts';
import {
  apiKeyChange,
  changeOf,
  endpointChange,
  endpointDeleted,
  eventTypeChange,
  tenantChange,
} from './registry-change.ts';
import { listApiKeys } from './store/api-keys.ts';
import { secretsOf } from './store/endpoint-secrets.ts';
import { existingEndpoints, listEndpoints } from './store/endpoints.ts';
import { listEventTypes } from './store/event-types.ts';
import type { Store } from './store/open-store.ts';
import type { NewChange } from './store/outbox.ts';
import type { Slice, Tx } from './store/schema.ts';
import { findTenant, listTenants } from './store/tenants.ts';

const pageSize = 500;

export interface ReconcileDeps {
  store: Pick<Store, 'inTenant' | 'acrossTenants'>;
  commit: Commit;
  view: Pick<RegistryView, 'tenant' | 'eventType' | 'endpoint' | 'endpointsOf' | 'apiKeyByHash' | 'catchUp'>;
  log: Pick<Logger, 'info'>;
}

/** A state that should be on the log, with the one that is. */
interface Pair {
  id: string;
  wanted: NewChange;
  known: NonNullable<RegistryChange['state']> | undefined;
}

/** One page of what a tenant has of one kind, in order of id. */
type ReadPairs = (tx: Tx, tenantId: string, slice: Slice) => Promise<readonly Pair[]>;

const differs = ({ wanted, known }: Pair): boolean => {
  const value = known === undefined ? null : changeOf(known).value;
  return value === null || wanted.value === null || Buffer.compare(value, wanted.value) !== 0;
};

const readers = (view: ReconcileDeps['view']): readonly ReadPairs[] => [
  async (tx, tenantId, { after, lock }) => {
    const tenant = after === '' ? await findTenant(tx, tenantId, lock) : undefined;
    if (tenant === undefined) return [];
    const known = view.tenant(tenantId);
    return [{ id: tenantId, wanted: tenantChange(tenant), known: known && { $case: 'tenant', value: known } }];
  },
  async (tx, tenantId, slice) =>
    (await listApiKeys(tx, tenantId, slice)).map((stored) => {
      const known = view.apiKeyByHash(stored.hash);
      return { id: stored.apiKey.id, wanted: apiKeyChange(stored), known: known && { $case: 'apiKey', value: known } };
    }),
  async (tx, tenantId, slice) =>
    (await listEventTypes(tx, tenantId, slice)).map((eventType) => {
      const known = view.eventType(tenantId, eventType.name);
      const wanted = eventTypeChange(tenantId, eventType);
      return { id: eventType.name, wanted, known: known && { $case: 'eventType', value: known } };
    }),
  async (tx, tenantId, slice) => {
    const endpoints = await listEndpoints(tx, tenantId, slice);
    const ids = endpoints.map(({ endpoint }) => endpoint.id);
    const secrets = await secretsOf(tx, tenantId, ids);
    return endpoints.map((stored) => {
      const { id } = stored.endpoint;
      const known = view.endpoint(id);
      const wanted = endpointChange(stored, secrets.get(id) ?? []);
      return { id, wanted, known: known && { $case: 'endpoint', value: known } };
    });
  },
];

/**
 * Compares every state with what registry-changes says and publishes those that differ: all of them on a new log, none
 * on most starts. Endpoints that the log has and the database has not (a backup was restored) are deleted from the log;
 * tenants that the database does not know are left alone. Rows are read without locks first, and locked only where they
 * differ, so that what is published is in order with other writes.
 *
 * @throws Fault LOG_UNAVAILABLE or DATABASE_UNAVAILABLE: call it again
 */
export const makeReconcileLog = ({ store, commit, view, log }: ReconcileDeps): (() => Promise<void>) => {
  const reconcilePages = async (tenantId: string, read: ReadPairs): Promise<number> => {
    let published = 0;
    let after: string | undefined = '';
    while (after !== undefined) {
      const slice: Slice = { after, limit: pageSize };
      const pairs: readonly Pair[] = await store.inTenant(tenantId, (tx) => read(tx, tenantId, slice));
      if (pairs.some(differs)) {
        published += await commit(tenantId, async ({ tx, announce }) => {
          const different = (await read(tx, tenantId, { ...slice, lock: true })).filter(differs);
          await announce(...different.map(({ wanted }) => wanted));
          return different.length;
        });
      }
      after = pairs.length === pageSize ? pairs.at(-1)?.id : undefined;
    }
    return published;
  };

  /** The view is asked first: what it has and the database then has not was deleted, for ids are never used again. */
  const deleteUnknown = async (tenantId: string): Promise<number> => {
    const ids = view.endpointsOf(tenantId).flatMap(({ endpoint }) => endpoint?.id ?? []);
    const existing = await store.inTenant(tenantId, (tx) => existingEndpoints(tx, tenantId, ids));
    const unknown = ids.filter((id) => !existing.has(id));
    if (unknown.length > 0) await commit(tenantId, ({ announce }) => announce(...unknown.map(endpointDeleted)));
    return unknown.length;
  };

  return async () => {
    await view.catchUp();
    let published = 0;
    let tenants: readonly { id: string }[] = [];
    do {
      const after: string = tenants.at(-1)?.id ?? '';
      tenants = await store.acrossTenants((tx) => listTenants(tx, { after, limit: pageSize }));
      for (const { id } of tenants) {
        for (const read of readers(view)) published += await reconcilePages(id, read);
        published += await deleteUnknown(id);
      }
    } while (tenants.length === pageSize);
    if (published > 0) log.info({ published }, 'registry.republished');
  };
};
