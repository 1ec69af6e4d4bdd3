import {
  RegistryChange,
  type ApiKeyState,
  type EndpointState,
  type EventTypeState,
  type Tenant,
} from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { endsBefore, followCompacted, topicNames, type Log, type LogRecord } from '@bellwire/messaging';

/**
 * Registry's state as every other service sees it: rebuilt from the compacted topic registry-changes and followed from
 * then on. Postgres is not needed for it. States are replaced, never changed, so what is compiled from one can be kept
 * beside it.
 */
export interface RegistryView {
  tenant(tenantId: string): Tenant | undefined;
  /** Undefined: not catalogued. An archived type is there, with its flag. */
  eventType(tenantId: string, name: string): EventTypeState | undefined;
  endpoint(endpointId: string): EndpointState | undefined;
  endpointsOf(tenantId: string): readonly EndpointState[];
  /** Of all tenants. */
  endpoints(): Iterable<EndpointState>;
  apiKeyByHash(hash: string): ApiKeyState | undefined;
  /** Offset in registry-changes up to which this view has applied the changes. */
  position(): number;
  /**
   * Resolves once `position()` is at least that; after `timeoutMs` also where registry-changes ends before it: then the topic
   * was made anew, onFailure is told, and the view is as good as it gets. @throws Fault LOG_UNAVAILABLE after `timeoutMs`
   */
  reached(position: number, timeoutMs?: number): Promise<void>;
  /** Asks the log for the end of registry-changes and waits until it is reached: whoever calls this reads every write
   *  that had returned before. Concurrent calls share one question. */
  catchUp(timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

const keyOf = (change: NonNullable<RegistryChange['state']>): string => {
  switch (change.$case) {
    case 'tenant':
      return `tenant/${change.value.id}`;
    case 'apiKey':
      return `api-key/${change.value.apiKey?.id ?? ''}`;
    case 'eventType':
      return `event-type/${change.value.tenantId}/${change.value.eventType?.name ?? ''}`;
    case 'endpoint':
      return `endpoint/${change.value.endpoint?.id ?? ''}`;
  }
};

/** Key of a change in the topic: the one place that knows its form, for registry and for views. */
export const registryChangeKey = (change: RegistryChange): string => {
  if (change.state === undefined) throw new Error('a registry change without a state');
  return keyOf(change.state);
};

export const endpointChangeKey = (endpointId: string): string => `endpoint/${endpointId}`;

const makeTables = () => {
  const byKey = new Map<string, NonNullable<RegistryChange['state']>>();
  const apiKeys = new Map<string, ApiKeyState>();
  const endpoints = new Map<string, EndpointState>();
  const endpointIdsByTenant = new Map<string, Map<string, EndpointState>>();
  const listByTenant = new Map<string, readonly EndpointState[]>();

  const forget = (key: string): void => {
    const old = byKey.get(key);
    byKey.delete(key);
    if (old?.$case === 'apiKey') apiKeys.delete(old.value.hash);
    if (old?.$case === 'endpoint') {
      const id = old.value.endpoint?.id ?? '';
      endpoints.delete(id);
      endpointIdsByTenant.get(old.value.tenantId)?.delete(id);
      listByTenant.delete(old.value.tenantId);
    }
  };

  const learn = (key: string, state: NonNullable<RegistryChange['state']>): void => {
    byKey.set(key, state);
    if (state.$case === 'apiKey') apiKeys.set(state.value.hash, state.value);
    if (state.$case === 'endpoint') {
      const { tenantId, endpoint } = state.value;
      const id = endpoint?.id ?? '';
      endpoints.set(id, state.value);
      const ofTenant = endpointIdsByTenant.get(tenantId) ?? new Map<string, EndpointState>();
      endpointIdsByTenant.set(tenantId, ofTenant.set(id, state.value));
      listByTenant.delete(tenantId);
    }
  };

  return {
    apply: ({ key, value }: LogRecord): void => {
      if (value === null) return forget(key);
      const { state } = RegistryChange.decode(value);
      // A kind of a later version: not ours to know.
      if (state === undefined) return;
      if (byKey.get(key)?.$case === 'apiKey') forget(key);
      learn(key, state);
    },
    get: (key: string) => byKey.get(key),
    apiKeys,
    endpoints,
    endpointsOf: (tenantId: string): readonly EndpointState[] => {
      const known = listByTenant.get(tenantId);
      if (known !== undefined) return known;
      const made = [...(endpointIdsByTenant.get(tenantId)?.values() ?? [])];
      listByTenant.set(tenantId, made);
      return made;
    },
  };
};

export interface RegistryViewOptions {
  log: Log;
  /** A change could not be applied: the view goes on without it. Without a record: it is about the log. */
  onFailure: (error: unknown, record?: LogRecord) => void;
  /** For `reached` and `catchUp` where the call says nothing. @default 5000 */
  timeoutMs?: number;
}

/** Opens a view and resolves once it has caught up with the log. The topic must exist. */
export const openRegistryView = async ({
  log,
  onFailure,
  timeoutMs: defaultMs = 5000,
}: RegistryViewOptions): Promise<RegistryView> => {
  const tables = makeTables();
  const follower = followCompacted(log, topicNames.registryChanges, tables.apply, { onFailure });
  await follower.ready;
  let asking: Promise<number> | undefined;

  const endOfChanges = (): Promise<number> => {
    // A question that is already under way may have been answered before the write that its new asker must see:
    // only one that has not been sent yet can be shared.
    asking ??= Promise.resolve().then(async () => {
      asking = undefined;
      const [end = 0] = await log.endOffsets(topicNames.registryChanges);
      return end;
    });
    return asking;
  };

  let toldEnd: number | undefined;
  /** Whether everything that there is was applied, and a position cannot come. Told once for each end. */
  const isBeyondAll = async (position: number): Promise<boolean> => {
    const end = await endOfChanges();
    if (end >= position || follower.position() < end) return false;
    if (toldEnd !== end) {
      const where = { topic: topicNames.registryChanges, partition: 0, offset: position };
      onFailure(endsBefore(where, end, follower.position()));
    }
    toldEnd = end;
    return true;
  };

  const reached = async (position: number, timeoutMs = defaultMs): Promise<void> => {
    try {
      await follower.reached(position, timeoutMs);
    } catch (error) {
      const isOver = error instanceof Fault && error.reason === 'STOPPING';
      if (isOver || !(await isBeyondAll(position).catch(() => false))) throw error;
    }
  };

  return {
    tenant: (tenantId) => {
      const state = tables.get(`tenant/${tenantId}`);
      return state?.$case === 'tenant' ? state.value : undefined;
    },
    eventType: (tenantId, name) => {
      const state = tables.get(`event-type/${tenantId}/${name}`);
      return state?.$case === 'eventType' ? state.value : undefined;
    },
    endpoint: (endpointId) => tables.endpoints.get(endpointId),
    endpointsOf: tables.endpointsOf,
    endpoints: () => tables.endpoints.values(),
    apiKeyByHash: (hash) => tables.apiKeys.get(hash),
    position: follower.position,
    reached,
    catchUp: async (timeoutMs = defaultMs) => follower.reached(await endOfChanges(), timeoutMs),
    close: follower.close,
  };
};
