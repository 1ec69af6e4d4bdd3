import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EventType, EventTypePolicy, Tenant } from '@bellwire/contracts';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { Client } from 'pg';
import {
  adminKey,
  aKey,
  aLog,
  anEndpoint,
  aTenant,
  aUser,
  idOf,
  startRegistryUnderTest,
  refused,
  type Calls,
  type RegistryUnderTest,
} from './registry-under-test.ts';

let database: FreshDatabase;
let registry: RegistryUnderTest;
let admin: Calls;

const asSuperuser = async <Row extends object>(statement: string): Promise<Row[]> => {
  const client = new Client({ connectionString: database.superuserUrl });
  await client.connect();
  try {
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end();
  }
};

beforeAll(async () => {
  database = await freshDatabase();
  registry = await startRegistryUnderTest({ databaseUrl: database.url, eventLog: await aLog() });
  admin = registry.as();
});
afterAll(async () => {
  await registry.close();
  await database.drop();
});

describe('who may see what', () => {
  test('every RPC on another tenant’s endpoint answers NOT_FOUND', async () => {
    const owner = await aUser(registry);
    const { calls } = await aUser(registry);
    const id = idOf(await owner.calls.createEndpoint({ endpoint: anEndpoint() }));
    const attempts: Promise<unknown>[] = [
      calls.getEndpoint({ id }),
      calls.updateEndpoint({ endpoint: anEndpoint({ id, description: 'mine' }), updateMask: ['description'] }),
      calls.enableEndpoint({ id }),
      calls.disableEndpoint({ id, reason: '' }),
      calls.rotateSecret({ id }),
      calls.getSecret({ id }),
      calls.deleteEndpoint({ id }),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toEqual(refused('NOT_FOUND'));
    expect((await calls.listEndpoints({ limit: 0, cursor: '' })).endpoints).toEqual([]);
    expect(await owner.calls.getEndpoint({ id })).toMatchObject({ description: '', enabled: true });
  });

  test('nor its event types, and naming its tenant does not help', async () => {
    const owner = await aUser(registry);
    const { calls } = await aUser(registry);
    const name = 'order.paid';
    await owner.calls.createEventType({ name, description: '', schema: '', example: '' });
    const attempts: Promise<unknown>[] = [
      calls.getEventType({ name }),
      calls.updateEventType({ eventType: { ...EventType.create(), name }, updateMask: ['description'] }),
      calls.archiveEventType({ name }),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toEqual(refused('NOT_FOUND'));
    expect((await calls.listEventTypes({ limit: 0, cursor: '' })).eventTypes).toEqual([]);
    const { key } = await admin.createApiKey({ tenantId: (await aTenant(registry)).id, name: 'k', scopes: [] });
    const named = registry.as(key, owner.tenant.id);
    await expect(named.listEventTypes({ limit: 0, cursor: '' })).rejects.toEqual(refused('NOT_FOUND'));
  });

  test('tenants and keys are the admin’s', async () => {
    const { calls, tenant } = await aUser(registry);
    const tenantId = tenant.id;
    const attempts: Promise<unknown>[] = [
      calls.createTenant({ name: 'x', dialect: undefined, eventTypePolicy: EventTypePolicy.OPEN, timeoutMs: 0 }),
      calls.getTenant({ id: tenantId }),
      calls.updateTenant({ tenant, updateMask: ['name'] }),
      calls.listTenants({ limit: 0, cursor: '' }),
      calls.createApiKey({ tenantId, name: 'x', scopes: [] }),
      calls.listApiKeys({ tenantId, limit: 0, cursor: '' }),
      calls.revokeApiKey({ tenantId, id: 'key_1' }),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toEqual(refused('ADMIN_ONLY'));
  });

  test('an admin names a tenant that exists', async () => {
    await expect(admin.listEndpoints({ limit: 0, cursor: '' })).rejects.toEqual(refused('UNKNOWN_TENANT'));
    for (const tenant of ['ten_none', '*', 'a b']) {
      const named = registry.as(adminKey, tenant);
      await expect(named.createEndpoint({ endpoint: anEndpoint() })).rejects.toEqual(refused('UNKNOWN_TENANT'));
      await expect(named.listEndpoints({ limit: 0, cursor: '' })).rejects.toEqual(refused('UNKNOWN_TENANT'));
    }
    for (const id of ['ten_none', '*', '', '\u0000']) {
      await expect(admin.getTenant({ id })).rejects.toEqual(refused('NOT_FOUND'));
      const tenant = Tenant.fromPartial({ id });
      await expect(admin.updateTenant({ tenant, updateMask: [] })).rejects.toEqual(refused('NOT_FOUND'));
      await expect(admin.createApiKey({ tenantId: id, name: 'k', scopes: [] })).rejects.toEqual(refused('NOT_FOUND'));
    }
  });

  test('a key with a subject sees and makes only what is that subject’s', async () => {
    const { tenant, calls } = await aUser(registry);
    const user = await aKey(registry, tenant, { subject: 'user_1' });
    const mine = await user.createEndpoint({ endpoint: anEndpoint() });
    expect(mine.endpoint?.subject).toBe('user_1');
    const theirs = idOf(await calls.createEndpoint({ endpoint: anEndpoint({ subject: 'user_2' }) }));
    const nobodys = idOf(await calls.createEndpoint({ endpoint: anEndpoint() }));
    for (const id of [theirs, nobodys]) {
      await expect(user.getEndpoint({ id })).rejects.toEqual(refused('NOT_FOUND'));
      await expect(user.rotateSecret({ id })).rejects.toEqual(refused('NOT_FOUND'));
      await expect(user.getSecret({ id })).rejects.toEqual(refused('NOT_FOUND'));
      await expect(user.deleteEndpoint({ id })).rejects.toEqual(refused('NOT_FOUND'));
    }
    const listed = async (by: Calls, subject?: string) =>
      (await by.listEndpoints({ limit: 0, cursor: '', subject })).endpoints.map(({ id }) => id);
    expect(await listed(user)).toEqual([idOf(mine)]);
    expect(await listed(user, 'user_2')).toEqual([]);
    expect(await listed(calls, 'user_2')).toEqual([theirs]);
    expect(await listed(calls)).toHaveLength(3);
  });

  test('a key with a subject is told that it cannot name another', async () => {
    const { tenant, calls } = await aUser(registry);
    const user = await aKey(registry, tenant, { subject: 'user_1' });
    const message = 'must be user_1 or absent with this key';
    const told = expect.objectContaining({ reason: 'INVALID_FIELD', fields: [{ path: 'subject', message }] });
    await expect(user.createEndpoint({ endpoint: anEndpoint({ subject: 'user_2' }) })).rejects.toEqual(told);
    const id = idOf(await user.createEndpoint({ endpoint: anEndpoint({ subject: 'user_1' }) }));
    for (const subject of ['user_2', undefined]) {
      const endpoint = anEndpoint({ id, subject });
      await expect(user.updateEndpoint({ endpoint, updateMask: ['subject'] })).rejects.toEqual(told);
      expect((await user.updateEndpoint({ endpoint, updateMask: ['url'] })).subject).toBe('user_1');
    }
    const own = anEndpoint({ id, subject: 'user_1' });
    expect((await user.updateEndpoint({ endpoint: own, updateMask: ['subject'] })).subject).toBe('user_1');
    const freed = await calls.updateEndpoint({ endpoint: anEndpoint({ id }), updateMask: ['subject'] });
    expect(freed.subject).toBeUndefined();
  });

  test('the settings of a user are those of his tenant, and his key sees no other’s', async () => {
    const { tenant, calls } = await aUser(registry);
    const other = await aUser(registry);
    const mine = { subject: 'user_1', settings: '{"a":1}' };
    const user = await aKey(registry, tenant, { subject: 'user_1' });
    await user.putSubjectSettings(mine);
    const neighbour = await aKey(registry, tenant, { subject: 'user_2' });
    await expect(neighbour.getSubjectSettings({ subject: 'user_1' })).rejects.toEqual(refused('NOT_FOUND'));
    await expect(neighbour.putSubjectSettings({ ...mine, settings: '{}' })).rejects.toEqual(refused('NOT_FOUND'));
    await other.calls.putSubjectSettings({ ...mine, settings: '{"a":2}' });
    const named = registry.as(adminKey, other.tenant.id);
    expect(await named.getSubjectSettings({ subject: 'user_1' })).toMatchObject({ settings: '{"a":2}' });
    expect(await calls.getSubjectSettings({ subject: 'user_1' })).toEqual(mine);
    await expect(registry.as(adminKey, 'ten_none').putSubjectSettings(mine)).rejects.toEqual(refused('UNKNOWN_TENANT'));
  });

  test('row-level security is forced on every table of the schema, and the tenant leads every index', async () => {
    const tables = await asSuperuser<{ relname: string; forced: boolean }>(
      `select relname, relrowsecurity and relforcerowsecurity as forced from pg_class
       where relnamespace = 'registry'::regnamespace and relkind in ('r', 'p') and relname not like 'migrations%'`,
    );
    expect(tables.filter(({ forced }) => !forced)).toEqual([]);
    expect(tables).toHaveLength(7);
    const indexes = await asSuperuser<{ first: string }>(
      `select i.indexrelid::regclass::text as name, a.attname as first from pg_index i
       join pg_class t on t.oid = i.indrelid and t.relnamespace = 'registry'::regnamespace
       join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
       where t.relname not like 'migrations%'`,
    );
    expect(indexes.filter(({ first }) => first !== 'tenant_id')).toEqual([]);
    const client = new Client({ connectionString: database.url });
    await client.connect();
    for (const { relname } of tables) {
      expect((await client.query(`select 1 from registry.${relname} limit 1`)).rows).toEqual([]);
    }
    await client.end();
  });
});
