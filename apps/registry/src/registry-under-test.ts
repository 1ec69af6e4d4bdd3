import { expect } from '@jest/globals';
import { Endpoint, EventTypePolicy, RegistryServiceService, type Tenant } from '@bellwire/contracts';
import { openLogger, openScope } from '@bellwire/lifecycle';
import { simulatedLog, topicSpecs, type SimulatedLog } from '@bellwire/messaging';
import { makeAuthenticate, openRegistryView, type RegistryView } from '@bellwire/registry-view';
import { openChannel, type RpcChannel } from '@bellwire/rpc';
import { startRegistry } from './start-registry.ts';

export const adminKey = 'admin-key-of-the-tests-0123456789';
export const masterKey = 'master-key-of-the-tests-0123456789';

/** A registry on a real database, called over real gRPC; its log is simulated. */
export interface RegistryUnderTest {
  view: RegistryView;
  /** Calls with a key, the admin's by default, in the name of a tenant. */
  as(key?: string, tenant?: string): Calls;
  /** What a bug would have told. */
  failures: readonly unknown[];
  close(): Promise<void>;
}

type Methods = Omit<typeof RegistryServiceService, symbol>;
type RequestOf<Method> = Method extends { requestSerialize: (value: infer Request) => Buffer } ? Request : never;
type ResponseOf<Method> = Method extends { responseDeserialize: (bytes: Buffer) => infer Response } ? Response : never;

/** Every RPC of the service as a function. */
export type Calls = {
  [Name in keyof Methods]: (request: RequestOf<Methods[Name]>) => Promise<ResponseOf<Methods[Name]>>;
};

/** A log with its topics, which outlives the registries that use it. */
export const aLog = async (): Promise<SimulatedLog> => {
  const log = simulatedLog();
  await log.topics(topicSpecs({ partitions: 2, tiers: [] }));
  return log;
};

const callsOver = (channel: RpcChannel, bearer: string, tenant: string | undefined): Calls => {
  const s = RegistryServiceService;
  const options = { bearer, tenant };
  return {
    createTenant: (request) => channel.unary(s.createTenant, request, options),
    getTenant: (request) => channel.unary(s.getTenant, request, options),
    listTenants: (request) => channel.unary(s.listTenants, request, options),
    updateTenant: (request) => channel.unary(s.updateTenant, request, options),
    whoAmI: (request) => channel.unary(s.whoAmI, request, options),
    getSubjectSettings: (request) => channel.unary(s.getSubjectSettings, request, options),
    putSubjectSettings: (request) => channel.unary(s.putSubjectSettings, request, options),
    createApiKey: (request) => channel.unary(s.createApiKey, request, options),
    listApiKeys: (request) => channel.unary(s.listApiKeys, request, options),
    revokeApiKey: (request) => channel.unary(s.revokeApiKey, request, options),
    createEventType: (request) => channel.unary(s.createEventType, request, options),
    getEventType: (request) => channel.unary(s.getEventType, request, options),
    listEventTypes: (request) => channel.unary(s.listEventTypes, request, options),
    updateEventType: (request) => channel.unary(s.updateEventType, request, options),
    archiveEventType: (request) => channel.unary(s.archiveEventType, request, options),
    learnEventTypes: (request) => channel.unary(s.learnEventTypes, request, options),
    createEndpoint: (request) => channel.unary(s.createEndpoint, request, options),
    getEndpoint: (request) => channel.unary(s.getEndpoint, request, options),
    listEndpoints: (request) => channel.unary(s.listEndpoints, request, options),
    updateEndpoint: (request) => channel.unary(s.updateEndpoint, request, options),
    deleteEndpoint: (request) => channel.unary(s.deleteEndpoint, request, options),
    enableEndpoint: (request) => channel.unary(s.enableEndpoint, request, options),
    disableEndpoint: (request) => channel.unary(s.disableEndpoint, request, options),
    rotateSecret: (request) => channel.unary(s.rotateSecret, request, options),
    getSecret: (request) => channel.unary(s.getSecret, request, options),
  };
};

export interface RegistryUnderTestOptions {
  databaseUrl: string;
  eventLog: SimulatedLog;
  /** @default an hour: never within a test */
  relayMs?: number;
  /** @default 1000 */
  maxEndpoints?: number;
}

export const startRegistryUnderTest = async ({
  databaseUrl,
  eventLog,
  relayMs = 3_600_000,
  maxEndpoints = 1000,
}: RegistryUnderTestOptions): Promise<RegistryUnderTest> => {
  const log = openLogger({ level: 'silent' });
  const scope = openScope({ log });
  const view = scope.own(
    'view',
    await openRegistryView({
      log: eventLog,
      onFailure: (error) => {
        throw error;
      },
    }),
  );
  const failures: unknown[] = [];
  const { port } = await startRegistry({
    scope,
    log,
    clock: { now: () => Date.now() },
    eventLog,
    view,
    authenticate: makeAuthenticate({ view, adminKey }),
    host: '127.0.0.1',
    port: 0,
    databaseUrl,
    masterKey,
    urlPolicy: { allowHttp: false, allowCidrs: [] },
    maxEndpoints,
    onFailure: (error) => void failures.push(error),
    relayMs,
  });
  const channel = scope.own('channel', openChannel(`127.0.0.1:${port}`));
  return {
    view,
    as: (key = adminKey, tenant) => callsOver(channel, key, tenant),
    failures,
    close: () => scope.close(),
  };
};

/** The least that an endpoint needs. */
export const anEndpoint = (parts: Partial<Endpoint> = {}): Endpoint => ({
  ...Endpoint.create(),
  url: 'https://example.com/hook',
  ...parts,
});

export const idOf = (answer: { endpoint?: Endpoint | undefined }): string => answer.endpoint?.id ?? '';

export const aTenant = (registry: RegistryUnderTest, policy: EventTypePolicy = EventTypePolicy.OPEN): Promise<Tenant> =>
  registry.as().createTenant({ name: 'a tenant', dialect: undefined, eventTypePolicy: policy, timeoutMs: 0 });

/** The calls of a key of a tenant. */
export const aKey = async (
  registry: RegistryUnderTest,
  tenant: Tenant,
  parts: { scopes?: string[]; subject?: string } = {},
): Promise<Calls> => {
  const { key } = await registry.as().createApiKey({ tenantId: tenant.id, name: 'a key', scopes: [], ...parts });
  return registry.as(key);
};

/** A tenant and the calls of a key of it. */
export const aUser = async (registry: RegistryUnderTest): Promise<{ tenant: Tenant; calls: Calls }> => {
  const tenant = await aTenant(registry);
  return { tenant, calls: await aKey(registry, tenant) };
};

/** The fault of a refused call, with the paths of its fields. */
export const refused = (reason: string, ...paths: string[]) =>
  expect.objectContaining({
    reason,
    ...(paths.length > 0 && { fields: paths.map((path) => expect.objectContaining({ path })) }),
  });
