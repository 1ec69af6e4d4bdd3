import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Endpoint, EventTypePolicy, type Tenant } from '@bellwire/contracts';
import type { SimulatedLog } from '@bellwire/messaging';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { Client } from 'pg';
import { adminKey, aLog, startRegistryUnderTest, type Calls, type RegistryUnderTest } from './registry-under-test.ts';

let database: FreshDatabase;
let eventLog: SimulatedLog;
let open: RegistryUnderTest[];

const anEndpoint = (description = ''): Endpoint => ({ ...Endpoint.create(), url: 'https://example.com/', description });
/** Called before the next write to the log by a registry that was started as slow. */
let holdProduce: (() => Promise<void>) | undefined;
const slowLog = (log: SimulatedLog): SimulatedLog => ({
  ...log,
  produce: async (records) => {
    const hold = holdProduce;
    holdProduce = undefined;
    await hold?.();
    return await log.produce(records);
  },
});
const start = async (log: SimulatedLog = eventLog, relayMs?: number): Promise<RegistryUnderTest> => {
  const registry = await startRegistryUnderTest({ databaseUrl: database.url, eventLog: log, relayMs });
  open.push(registry);
  return registry;
};
const stop = async (registry: RegistryUnderTest): Promise<void> => {
  open = open.filter((other) => other !== registry);
  await registry.close();
};
const aTenant = (registry: RegistryUnderTest): Promise<Tenant> =>
  registry
    .as()
    .createTenant({ name: 'a tenant', dialect: undefined, eventTypePolicy: EventTypePolicy.OPEN, timeoutMs: 0 });
const as = (registry: RegistryUnderTest, { id }: Tenant): Calls => registry.as(adminKey, id);
const asSuperuser = async (statement: string): Promise<readonly unknown[]> => {
  const client = new Client({ connectionString: database.superuserUrl });
  await client.connect();
  const { rows } = await client.query<object>(statement);
  await client.end();
  return rows;
};
const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const end = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

beforeEach(async () => {
  database = await freshDatabase();
  eventLog = await aLog();
  open = [];
});
afterEach(async () => {
  for (const registry of open) await registry.close();
  await database.drop();
});

describe('when the log fails in the middle of a write', () => {
  test('the caller hears LOG_UNAVAILABLE, the row stays, and the next start publishes it', async () => {
    const first = await start();
    const tenant = await aTenant(first);
    const before = eventLog.records('registry-changes').length;
    eventLog.faults.failProduce();
    const calls = as(first, tenant);
    await expect(calls.createEndpoint({ endpoint: anEndpoint('kept') })).rejects.toMatchObject({
      reason: 'LOG_UNAVAILABLE',
    });
    expect((await calls.listEndpoints({ limit: 0, cursor: '' })).endpoints).toMatchObject([{ description: 'kept' }]);
    expect(eventLog.records('registry-changes')).toHaveLength(before);
    await stop(first);

    const second = await start();
    await second.view.catchUp();
    expect(second.view.endpointsOf(tenant.id)).toMatchObject([{ endpoint: { description: 'kept' } }]);
    expect(eventLog.records('registry-changes')).toHaveLength(before + 1);
  });

  test('the relay publishes it without a restart', async () => {
    const registry = await start(eventLog, 200);
    const tenant = await aTenant(registry);
    // For the call and for the relay, whichever comes first.
    eventLog.faults.failProduce(2);
    await expect(as(registry, tenant).createEndpoint({ endpoint: anEndpoint() })).rejects.toMatchObject({
      reason: 'LOG_UNAVAILABLE',
    });
    await until(() => registry.view.endpointsOf(tenant.id).length === 1);
  });

  test('a repeated call that finds its work done waits until the log has it', async () => {
    const registry = await start();
    const tenant = await aTenant(registry);
    const calls = as(registry, tenant);
    const { endpoint } = await calls.createEndpoint({ endpoint: anEndpoint() });
    const id = endpoint?.id ?? '';
    eventLog.faults.failProduce(2);
    for (let round = 0; round < 2; round++) {
      await expect(calls.disableEndpoint({ id, reason: '' })).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    }
    expect(registry.view.endpoint(id)?.endpoint?.enabled).toBe(true);
    await calls.disableEndpoint({ id, reason: '' });
    expect(registry.view.endpoint(id)).toMatchObject({ version: 2, endpoint: { enabled: false } });
  });

  test('two registries on one database keep the order of one endpoint', async () => {
    const [one, two] = [await start(), await start()];
    const tenant = await aTenant(one);
    const { endpoint } = await as(one, tenant).createEndpoint({ endpoint: anEndpoint() });
    const id = endpoint?.id ?? '';
    const updates = Array.from({ length: 40 }, async (_, index) => {
      const calls = as(index % 2 === 0 ? one : two, tenant);
      await calls.updateEndpoint({ endpoint: { ...anEndpoint(String(index)), id }, updateMask: ['description'] });
    });
    await Promise.all(updates);
    await one.view.catchUp();
    const { description } = await as(one, tenant).getEndpoint({ id });
    expect(one.view.endpoint(id)).toMatchObject({ version: 41, endpoint: { description } });
  });
});

test('a slow write to the log holds back the newer ones of other processes', async () => {
  const [one, two] = [await start(slowLog(eventLog)), await start()];
  const tenant = await aTenant(one);
  const { endpoint } = await as(one, tenant).createEndpoint({ endpoint: anEndpoint() });
  const id = endpoint?.id ?? '';
  const update = (by: RegistryUnderTest, description: string) =>
    as(by, tenant).updateEndpoint({ endpoint: { ...anEndpoint(description), id }, updateMask: ['description'] });

  const gate = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<void>();
  holdProduce = () => {
    taken.resolve();
    return gate.promise;
  };
  const older = update(one, 'older');
  await taken.promise;
  let isNewerDone = false;
  const newer = update(two, 'newer').finally(() => (isNewerDone = true));
  const waits = `select 1 from pg_locks where locktype = 'advisory' and not granted
    and database = (select oid from pg_database where datname = current_database())`;
  await until(async () => isNewerDone || (await asSuperuser(waits)).length > 0);
  gate.resolve();
  await Promise.all([older, newer]);
  await one.view.catchUp();
  expect(one.view.endpoint(id)).toMatchObject({ version: 3, endpoint: { description: 'newer' } });
});

describe('at a start', () => {
  test('on a new log, everything is published again', async () => {
    const first = await start();
    const tenant = await aTenant(first);
    const calls = as(first, tenant);
    const { key } = await first.as().createApiKey({ tenantId: tenant.id, name: 'k', scopes: [] });
    await calls.createEventType({ name: 'order.paid', description: '', schema: '', example: '' });
    const { endpoint } = await calls.createEndpoint({ endpoint: { ...anEndpoint(), headers: { 'X-A': 'b' } } });
    const before = first.view.endpoint(endpoint?.id ?? '');
    await stop(first);

    const second = await start(await aLog());
    await second.view.catchUp();
    expect(second.view.tenant(tenant.id)).toEqual(tenant);
    expect(second.view.eventType(tenant.id, 'order.paid')).toBeDefined();
    expect(second.view.endpoint(endpoint?.id ?? '')).toEqual(before);
    expect((await second.as(key).listEndpoints({ limit: 0, cursor: '' })).endpoints).toHaveLength(1);
  });

  test('on a log that has everything, nothing is published', async () => {
    const first = await start();
    const calls = as(first, await aTenant(first));
    const rich = { ...anEndpoint(), metadata: { zz: '1', a: '2' }, headers: { 'X-A': 'b' }, subject: 'user_1' };
    const { endpoint } = await calls.createEndpoint({ endpoint: rich });
    await calls.rotateSecret({ id: endpoint?.id ?? '' });
    await stop(first);
    const before = eventLog.records('registry-changes').length;
    await start();
    expect(eventLog.records('registry-changes')).toHaveLength(before);
  });

  test('an endpoint that a restored database does not have is deleted from the log', async () => {
    const first = await start();
    const tenant = await aTenant(first);
    const { endpoint } = await as(first, tenant).createEndpoint({ endpoint: anEndpoint() });
    await stop(first);
    await asSuperuser('delete from registry.endpoints');
    const second = await start();
    await second.view.catchUp();
    expect(second.view.endpoint(endpoint?.id ?? '')).toBeUndefined();
  });

  test('with the log away it serves what needs no log, and publishes once it is back', async () => {
    const first = await start();
    const tenant = await aTenant(first);
    await stop(first);
    const empty = await aLog();
    empty.faults.failProduce(2);
    const second = await start(empty, 20);
    expect(await second.as().getTenant({ id: tenant.id })).toEqual(tenant);
    await until(() => second.view.tenant(tenant.id) !== undefined);
    expect(second.failures).toEqual([]);
  });
});

test('while Postgres is away calls answer DATABASE_UNAVAILABLE, and work again when it is back', async () => {
  const registry = await start();
  const calls = as(registry, await aTenant(registry));
  await asSuperuser(`alter database ${database.name} connection limit 0`);
  await asSuperuser(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${database.name}'`);
  const list = () => calls.listEndpoints({ limit: 0, cursor: '' });
  const create = () => calls.createEndpoint({ endpoint: anEndpoint() });
  await expect(list()).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  await expect(create()).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  await asSuperuser(`alter database ${database.name} connection limit -1`);
  await create();
  expect((await list()).endpoints).toHaveLength(1);
});
