import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CreateTenantRequest, EventTypePolicy, RetryOn, Tenant } from '@bellwire/contracts';
import type { SimulatedLog } from '@bellwire/messaging';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import {
  adminKey,
  aKey,
  aLog,
  aTenant as madeTenant,
  aUser,
  refused,
  startRegistryUnderTest,
  type Calls,
  type RegistryUnderTest,
} from './registry-under-test.ts';

let database: FreshDatabase;
let eventLog: SimulatedLog;
let registry: RegistryUnderTest;
let admin: Calls;

const aTenant = (policy: EventTypePolicy = EventTypePolicy.UNSPECIFIED) => madeTenant(registry, policy);

beforeAll(async () => {
  database = await freshDatabase();
  eventLog = await aLog();
  registry = await startRegistryUnderTest({ databaseUrl: database.url, eventLog });
  admin = registry.as();
});
afterAll(async () => {
  await registry.close();
  await database.drop();
  expect(registry.failures).toEqual([]);
});

describe('tenants', () => {
  test('take dialect and policy from the defaults', async () => {
    const tenant = await aTenant();
    expect(tenant).toMatchObject({ dialect: 'standard', eventTypePolicy: EventTypePolicy.OPEN });
    expect(await admin.getTenant({ id: tenant.id })).toEqual(tenant);
    expect(registry.view.tenant(tenant.id)).toEqual(tenant);
  });

  test('are refused with every problem at once', async () => {
    await expect(
      admin.createTenant({ name: '', dialect: 'klingon', eventTypePolicy: EventTypePolicy.UNSPECIFIED, timeoutMs: 0 }),
    ).rejects.toEqual(refused('INVALID_FIELD', 'name', 'dialect'));
  });

  test('are listed page by page', async () => {
    const made = [await aTenant(), await aTenant(), await aTenant()].map(({ id }) => id);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await admin.listTenants({ limit: 2, cursor });
      seen.push(...page.tenants.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== '');
    expect(seen).toEqual(expect.arrayContaining(made));
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('may have a schedule and a time-out for their endpoints', async () => {
    const retry = { scheduleSeconds: [1, 2.5], retryOn: RetryOn.UNSPECIFIED };
    const tenant = await admin.createTenant(CreateTenantRequest.fromPartial({ name: 't', retry, timeoutMs: 5000 }));
    const dialects = { scheduleSeconds: [1, 2.5], retryOn: RetryOn.ANY_FAILURE };
    expect(tenant).toMatchObject({ retry: dialects, timeoutMs: 5000 });
    expect(await admin.getTenant({ id: tenant.id })).toEqual(tenant);
    expect(registry.view.tenant(tenant.id)).toEqual(tenant);
  });

  test('are refused with those that an endpoint could not have', async () => {
    const retry = { scheduleSeconds: [0], retryOn: RetryOn.TRANSIENT };
    const wrong = CreateTenantRequest.fromPartial({ name: 't', retry, timeoutMs: 1 });
    const fields = refused('INVALID_FIELD', 'retry.schedule_seconds[0]', 'timeout_ms');
    await expect(admin.createTenant(wrong)).rejects.toEqual(fields);
    const { id } = await aTenant();
    const tenant = Tenant.fromPartial({ id, retry, timeoutMs: 1 });
    await expect(admin.updateTenant({ tenant, updateMask: ['retry', 'timeout_ms'] })).rejects.toEqual(fields);
    expect(await admin.getTenant({ id })).toMatchObject({ retry: undefined, timeoutMs: 0 });
  });
});

describe('a change of a tenant', () => {
  test('replaces what the mask names, in table, log and view', async () => {
    const made = await aTenant();
    const given = Tenant.fromPartial({
      id: made.id,
      name: 'another',
      eventTypePolicy: EventTypePolicy.STRICT,
      retry: { scheduleSeconds: [3], retryOn: RetryOn.TRANSIENT },
      timeoutMs: 2000,
      dialect: 'hub',
    });
    const all = ['name', 'event_type_policy', 'retry', 'timeout_ms'];
    const changed = await admin.updateTenant({ tenant: given, updateMask: all });
    expect(changed).toEqual({ ...given, dialect: 'standard', createdAt: made.createdAt });
    expect(registry.view.tenant(made.id)).toEqual(changed);
    expect(await admin.getTenant({ id: made.id })).toEqual(changed);

    const cleared = Tenant.fromPartial({ id: made.id, name: 'not this' });
    const answer = await admin.updateTenant({ tenant: cleared, updateMask: all.slice(1) });
    expect(answer).toEqual({ ...made, name: 'another' });
    expect(registry.view.tenant(made.id)).toEqual(answer);
  });

  test('that names nothing is none, and one of what cannot change is refused', async () => {
    const made = await aTenant();
    const records = eventLog.records('registry-changes').length;
    const tenant = { ...made, name: 'x', dialect: 'hub' };
    expect(await admin.updateTenant({ tenant, updateMask: [] })).toEqual(made);
    for (const path of ['dialect', 'id', 'colour']) {
      const refusal = refused('INVALID_FIELD', 'update_mask');
      await expect(admin.updateTenant({ tenant, updateMask: ['name', path] })).rejects.toEqual(refusal);
    }
    expect(eventLog.records('registry-changes')).toHaveLength(records);
  });

  test('of many at once ends as the last one in table and view', async () => {
    const { id } = await aTenant();
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        admin.updateTenant({ tenant: Tenant.fromPartial({ id, name: `n${index}` }), updateMask: ['name'] }),
      ),
    );
    expect(registry.view.tenant(id)).toEqual(await admin.getTenant({ id }));
  });
});

describe('a key', () => {
  test('of any scope is told whom it acts for', async () => {
    const tenant = await aTenant();
    const user = await aKey(registry, tenant, { subject: 'user_1', scopes: ['deliveries:read'] });
    expect(await user.whoAmI({})).toEqual({
      tenantId: tenant.id,
      dialect: 'standard',
      subject: 'user_1',
      scopes: ['deliveries:read'],
      apiKeyId: expect.stringMatching(/^key_/),
    });
    expect((await (await aKey(registry, tenant)).whoAmI({})).subject).toBeUndefined();
  });

  test('of the admin acts for the tenant that it names, if any', async () => {
    const { id } = await aTenant();
    const nobody = { tenantId: '', dialect: '', subject: undefined, scopes: [], apiKeyId: '' };
    expect(await admin.whoAmI({})).toEqual(nobody);
    expect(await registry.as(adminKey, id).whoAmI({})).toEqual({ ...nobody, tenantId: id, dialect: 'standard' });
    await expect(registry.as(adminKey, 'ten_none').whoAmI({})).rejects.toEqual(refused('UNKNOWN_TENANT'));
  });

  test('that is revoked or of another tenant is told nothing', async () => {
    const tenant = await aTenant();
    const { key, apiKey } = await admin.createApiKey({ tenantId: tenant.id, name: 'k', scopes: [] });
    const other = registry.as(key, (await aTenant()).id);
    await expect(other.whoAmI({})).rejects.toEqual(refused('NOT_FOUND'));
    await admin.revokeApiKey({ tenantId: tenant.id, id: apiKey?.id ?? '' });
    await expect(registry.as(key).whoAmI({})).rejects.toEqual(refused('UNKNOWN_KEY'));
  });
});

describe('the settings of a user', () => {
  test('are an empty object until they are set, and then the text that was given', async () => {
    const { calls } = await aUser(registry);
    const subject = 'user_1';
    expect(await calls.getSubjectSettings({ subject })).toEqual({ subject, settings: '{}' });
    for (const settings of ['{"b":1.0,"a":null}', '{"a":"é"}']) {
      expect(await calls.putSubjectSettings({ subject, settings })).toEqual({ subject, settings });
      expect(await calls.getSubjectSettings({ subject })).toEqual({ subject, settings });
    }
  });

  test('are replaced only where they are what was read, if the caller says what that was', async () => {
    const { calls } = await aUser(registry);
    const put = (settings: string, replaces: string) =>
      calls.putSubjectSettings({ subject: 'user_1', settings, replaces });
    await expect(put('{"a":0}', '{"b":0}')).rejects.toEqual(refused('LOST_RACE'));
    expect(await put('{"a":1}', '{}')).toEqual({ subject: 'user_1', settings: '{"a":1}' });
    for (const stale of ['{}', '{"a":0}']) await expect(put('{"a":2}', stale)).rejects.toEqual(refused('LOST_RACE'));
    expect(await calls.getSubjectSettings({ subject: 'user_1' })).toMatchObject({ settings: '{"a":1}' });
    await put('{"a":3}', '{"a":1}');
    expect(await calls.getSubjectSettings({ subject: 'user_1' })).toMatchObject({ settings: '{"a":3}' });
  });

  test('are refused where they are no object or too large, and stay as they were', async () => {
    const { calls } = await aUser(registry);
    const subject = 'user_1';
    const textOf = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    const largest = textOf(16_384);
    await calls.putSubjectSettings({ subject, settings: largest });
    for (const settings of ['', '[]', 'null', '"a"', '{', textOf(16_385), `{"a":"${'é'.repeat(8_189)}"}`]) {
      await expect(calls.putSubjectSettings({ subject, settings })).rejects.toEqual(
        refused('INVALID_FIELD', 'settings'),
      );
    }
    await expect(calls.getSubjectSettings({ subject: '' })).rejects.toEqual(refused('INVALID_FIELD', 'subject'));
    expect(await calls.getSubjectSettings({ subject })).toEqual({ subject, settings: largest });
  });

  test('need the scopes of endpoints', async () => {
    const reader = await aKey(registry, await aTenant(), { scopes: ['endpoints:read'] });
    await expect(reader.putSubjectSettings({ subject: 'u', settings: '{}' })).rejects.toEqual(refused('MISSING_SCOPE'));
    expect(await reader.getSubjectSettings({ subject: 'u' })).toMatchObject({ settings: '{}' });
    const other = await aKey(registry, await aTenant(), { scopes: ['events:read'] });
    await expect(other.getSubjectSettings({ subject: 'u' })).rejects.toEqual(refused('MISSING_SCOPE'));
  });
});
