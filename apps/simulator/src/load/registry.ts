import { RegistryChange, type Endpoint, type EndpointState } from '@bellwire/contracts';
import { dialectNamed } from '@bellwire/dialects';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import { endpointChangeKey, registryChangeKey } from '@bellwire/registry-view';
import type { Keyring } from '@bellwire/secrets';
import { newSecret } from '@bellwire/signing';
import type { Ledger } from '../ledger/ledger.ts';
import type { World } from '../world/world.ts';

/** Registry, as far as the others see it: what it writes, and that it has been written when a call returns. */
export interface Registry {
  tenant(id: string): void;
  create(tenantId: string, endpoint: Partial<Endpoint> & { id: string }): void;
  /** Undefined where it is deleted. */
  find(endpointId: string): EndpointState | undefined;
  edit(endpointId: string, change: Partial<Endpoint>): void;
  rotateSecret(endpointId: string): void;
  remove(endpointId: string): void;
  endpoints(): readonly EndpointState[];
}

export const openRegistry = (world: World, ledger: Ledger, keyring: Keyring): Registry => {
  const dice = world.dice.fork();
  const states = new Map<string, EndpointState>();
  const signature = dialectNamed('standard')?.signature ?? 'standard';

  // It is on the log before anything else happens: registry's own faults are not of interest here.
  const write = (record: NewRecord): void => void world.log.produce([record]);

  const change = (state: RegistryChange['state']): void => {
    const record = RegistryChange.fromPartial({ state });
    write({
      topic: topicNames.registryChanges,
      key: registryChangeKey(record),
      value: RegistryChange.encode(record).finish(),
    });
  };

  const put = (
    tenantId: string,
    state: Partial<Pick<EndpointState, 'secrets'>> & { endpoint: Partial<Endpoint> },
  ): void => {
    const before = states.get(state.endpoint.id ?? '');
    const version = (before?.version ?? 0) + 1;
    const endpoint = { ...before?.endpoint, ...state.endpoint, updatedAt: new Date(world.time.nowMs()) };
    const made = RegistryChange.fromPartial({
      state: { $case: 'endpoint', value: { ...before, ...state, tenantId, version, endpoint } },
    });
    if (made.state?.$case !== 'endpoint') throw new Error('not the state of an endpoint');
    states.set(endpoint.id ?? '', made.state.value);
    change(made.state);
  };

  const sealed = (tenantId: string, endpointId: string, version: number) => ({
    version,
    sealed: Buffer.from(
      keyring.seal(
        newSecret(signature, (count) => dice.bytes(count)),
        {
          tenantId,
          endpointId,
          purpose: 'secret',
          version,
        },
      ),
    ),
  });

  return {
    tenant: (id) =>
      change(
        RegistryChange.fromPartial({
          state: { $case: 'tenant', value: { id, name: id, dialect: 'standard', createdAt: new Date(0) } },
        }).state,
      ),
    create(tenantId, endpoint) {
      const nowMs = world.time.nowMs();
      put(tenantId, {
        endpoint: { enabled: true, createdAt: new Date(nowMs), ...endpoint },
        secrets: [sealed(tenantId, endpoint.id, 1)],
      });
      ledger.events.endpointCreated(tenantId, endpoint.id, nowMs);
    },
    find: (endpointId) => states.get(endpointId),
    edit(endpointId, edited) {
      const state = states.get(endpointId);
      if (state !== undefined) put(state.tenantId, { endpoint: { ...edited, id: endpointId } });
    },
    rotateSecret(endpointId) {
      const state = states.get(endpointId);
      if (state === undefined) return;
      const nowMs = world.time.nowMs();
      const [newest] = state.secrets;
      const next = sealed(state.tenantId, endpointId, (newest?.version ?? 0) + 1);
      const old = newest === undefined ? [] : [{ ...newest, expiresAtMs: nowMs + 5000 }];
      put(state.tenantId, { endpoint: { id: endpointId }, secrets: [next, ...old] });
    },
    remove(endpointId) {
      if (!states.delete(endpointId)) return;
      write({ topic: topicNames.registryChanges, key: endpointChangeKey(endpointId), value: null });
      ledger.events.endpointDeleted(endpointId, world.time.nowMs());
    },
    endpoints: () => [...states.values()],
  };
};
