import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EventType, EventTypePolicy, RetryOn, type Endpoint, type Tenant } from '@bellwire/contracts';
import { tenantScopes } from '@bellwire/domain';
import type { SimulatedLog } from '@bellwire/messaging';
import { openKeyring } from '@bellwire/secrets';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { Client } from 'pg';
import {
  adminKey,
  aKey,
  aLog,
  anEndpoint,
  aTenant as madeTenant,
  aUser as madeUser,
  idOf,
  masterKey,
  startRegistryUnderTest,
  refused,
  type Calls,
  type RegistryUnderTest,
} from './registry-under-test.ts';

let database: FreshDatabase;
let eventLog: SimulatedLog;
let registry: RegistryUnderTest;
let admin: Calls;

const aTenant = (policy: Tenant['eventTypePolicy'] = EventTypePolicy.UNSPECIFIED) => madeTenant(registry, policy);
const aUser = () => madeUser(registry);

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
  eventLog = await aLog();
  registry = await startRegistryUnderTest({ databaseUrl: database.url, eventLog });
  admin = registry.as();
});
afterAll(async () => {
  await registry.close();
  await database.drop();
  expect(registry.failures).toEqual([]);
});

describe('read your writes', () => {
  test('a view has what a call has written when the call returns, a hundred times', async () => {
    const { calls, tenant } = await aUser();
    for (let round = 0; round < 100; round++) {
      const { endpoint } = await calls.createEndpoint({ endpoint: anEndpoint({ description: `round ${round}` }) });
      expect(registry.view.endpoint(endpoint?.id ?? '')?.endpoint?.description).toBe(`round ${round}`);
    }
    expect(registry.view.endpointsOf(tenant.id)).toHaveLength(100);
  }, 120_000);

  test('concurrent updates of one endpoint reach the log in the order of their commits', async () => {
    const { calls } = await aUser();
    const id = idOf(await calls.createEndpoint({ endpoint: anEndpoint() }));
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        calls.updateEndpoint({ endpoint: anEndpoint({ id, description: String(index) }), updateMask: ['description'] }),
      ),
    );
    const { description } = await calls.getEndpoint({ id });
    expect(registry.view.endpoint(id)).toMatchObject({ version: 41, endpoint: { description } });
    expect(eventLog.records('registry-changes').filter(({ key }) => key === `endpoint/${id}`)).toHaveLength(41);
    expect(await asSuperuser('select * from registry.outbox')).toEqual([]);
  });
});

describe('the quota of endpoints', () => {
  const quota = 5;
  const withQuota = async (work: (limited: RegistryUnderTest) => Promise<void>): Promise<void> => {
    const limited = await startRegistryUnderTest({ databaseUrl: database.url, eventLog, maxEndpoints: quota });
    try {
      await work(limited);
    } finally {
      await limited.close();
    }
  };
  const create = (calls: Calls) => calls.createEndpoint({ endpoint: anEndpoint() });

  test('is kept by any number of creations at once, of each tenant for itself', () =>
    withQuota(async (limited) => {
      const [one, other] = [await madeUser(limited), await madeUser(limited)];
      const answers = await Promise.allSettled(Array.from({ length: 20 }, () => create(one.calls)));
      expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(quota);
      for (const answer of answers) {
        if (answer.status === 'rejected') expect(answer.reason).toEqual(refused('QUOTA_EXCEEDED'));
      }
      expect((await one.calls.listEndpoints({ limit: 100, cursor: '' })).endpoints).toHaveLength(quota);
      await create(other.calls);
    }));

  test('has room again when one is deleted, and counts none that was refused', () =>
    withQuota(async (limited) => {
      const { calls, tenant } = await madeUser(limited);
      const ids: string[] = [];
      for (let nth = 0; nth < quota; nth++) ids.push(idOf(await create(calls)));
      await expect(create(calls)).rejects.toEqual(refused('QUOTA_EXCEEDED'));
      await expect(calls.createEndpoint({ endpoint: anEndpoint({ url: 'x' }) })).rejects.toThrow();
      await calls.deleteEndpoint({ id: ids[0] ?? '' });
      await create(calls);
      await expect(create(calls)).rejects.toEqual(refused('QUOTA_EXCEEDED'));
      const count = await asSuperuser(`select endpoint_count from registry.tenants where tenant_id = '${tenant.id}'`);
      expect(count).toEqual([{ endpoint_count: quota }]);
    }));
});

describe('API keys', () => {
  test('have all scopes of a tenant by default, and publish:any by name only', async () => {
    const tenant = await aTenant();
    const { apiKey, key } = await admin.createApiKey({ tenantId: tenant.id, name: 'k', scopes: [] });
    expect(apiKey).toMatchObject({ tenantId: tenant.id, scopes: [...tenantScopes] });
    expect(apiKey?.hint.endsWith(key.slice(-4))).toBe(true);
    const any = await admin.createApiKey({ tenantId: tenant.id, name: 'k', scopes: ['publish:any'] });
    expect(any.apiKey?.scopes).toEqual(['publish:any']);
    const { apiKeys } = await admin.listApiKeys({ tenantId: tenant.id, limit: 0, cursor: '' });
    expect(apiKeys).toEqual([apiKey, any.apiKey]);
    expect(JSON.stringify(apiKeys)).not.toContain(key);
  });

  test('are refused with an unknown scope or an empty subject', async () => {
    const { id: tenantId } = await aTenant();
    await expect(admin.createApiKey({ tenantId, name: 'k', scopes: ['all'], subject: '' })).rejects.toEqual(
      refused('INVALID_FIELD', 'subject', 'scopes[0]'),
    );
  });

  test('are refused from the moment their revocation returns', async () => {
    const tenant = await aTenant();
    const { key, apiKey } = await admin.createApiKey({ tenantId: tenant.id, name: 'k', scopes: [] });
    const calls = registry.as(key);
    await calls.listEndpoints({ limit: 0, cursor: '' });
    await admin.revokeApiKey({ tenantId: tenant.id, id: apiKey?.id ?? '' });
    await expect(calls.listEndpoints({ limit: 0, cursor: '' })).rejects.toEqual(refused('UNKNOWN_KEY'));
    expect(await admin.revokeApiKey({ tenantId: tenant.id, id: apiKey?.id ?? '' })).toEqual({});
  });

  test('need the scope of what they call', async () => {
    const reader = await aKey(registry, await aTenant(), { scopes: ['endpoints:read'] });
    await reader.listEndpoints({ limit: 0, cursor: '' });
    await expect(reader.createEndpoint({ endpoint: anEndpoint() })).rejects.toEqual(refused('MISSING_SCOPE'));
    await expect(reader.listEventTypes({ limit: 0, cursor: '' })).rejects.toEqual(refused('MISSING_SCOPE'));
  });
});

describe('event types', () => {
  const given = {
    name: 'order.paid',
    description: 'Paid',
    schema: '{"type":"object","required":["a"]}',
    example: '{"a":1}',
  };

  test('are made once, updated by mask, and a new schema raises the version', async () => {
    const { calls, tenant } = await aUser();
    const made = await calls.createEventType(given);
    expect(made).toMatchObject({ ...given, version: 1, archived: false });
    await expect(calls.createEventType(given)).rejects.toEqual(refused('ALREADY_EXISTS'));
    const eventType = { ...EventType.create(), name: given.name, schema: '{"type":"object"}', description: 'ignored' };
    const updated = await calls.updateEventType({ eventType, updateMask: ['schema'] });
    expect(updated).toMatchObject({ ...given, schema: '{"type":"object"}', version: 2 });
    expect(await calls.getEventType({ name: given.name })).toEqual(updated);
    expect(registry.view.eventType(tenant.id, given.name)?.eventType).toEqual(updated);
    const archived = await calls.archiveEventType({ name: given.name });
    expect(archived.archived).toBe(true);
    expect(await calls.archiveEventType({ name: given.name })).toEqual(archived);
  });

  test('are refused where the example that is kept breaks the new schema', async () => {
    const { calls } = await aUser();
    await calls.createEventType(given);
    const eventType = { ...EventType.create(), name: given.name, schema: '{"type":"object","required":["b"]}' };
    await expect(calls.updateEventType({ eventType, updateMask: ['schema'] })).rejects.toEqual(
      refused('INVALID_FIELD', 'example'),
    );
    expect((await calls.getEventType({ name: given.name })).version).toBe(1);
    await expect(calls.updateEventType({ eventType, updateMask: ['version'] })).rejects.toEqual(
      refused('INVALID_FIELD', 'update_mask'),
    );
  });

  test("of Bellwire itself are nobody's to create", async () => {
    const { calls } = await aUser();
    await expect(calls.createEventType({ ...given, name: 'bellwire.mine' })).rejects.toEqual(
      refused('INVALID_FIELD', 'name'),
    );
  });

  test('are learned once, and never for a strict tenant', async () => {
    const { calls, tenant } = await aUser();
    await calls.createEventType(given);
    const names = ['user.left', given.name, 'user.left', 'a'];
    await Promise.all(Array.from({ length: 5 }, () => admin.learnEventTypes({ tenantId: tenant.id, names })));
    const { eventTypes } = await calls.listEventTypes({ limit: 0, cursor: '' });
    expect(eventTypes.map(({ name, schema }) => [name, schema])).toEqual([
      ['a', ''],
      [given.name, given.schema],
      ['user.left', ''],
    ]);
    expect(registry.view.eventType(tenant.id, 'user.left')).toBeDefined();
    const strict = await aTenant(EventTypePolicy.STRICT);
    await expect(admin.learnEventTypes({ tenantId: strict.id, names })).rejects.toEqual(refused('WRONG_STATE'));
    await expect(calls.learnEventTypes({ tenantId: tenant.id, names })).rejects.toEqual(refused('ADMIN_ONLY'));
  });

  test('are read, not changed, by a key with a subject', async () => {
    const tenant = await aTenant();
    const user = await aKey(registry, tenant, { subject: 'user_1' });
    await expect(user.createEventType(given)).rejects.toEqual(refused('MISSING_SCOPE'));
    expect((await user.listEventTypes({ limit: 0, cursor: '' })).eventTypes).toEqual([]);
  });
});

describe('endpoints', () => {
  const full = anEndpoint({
    description: 'Everything',
    subject: 'user_1',
    eventTypes: ['order.*'],
    filter: '{"data.amount":{"$gt":100}}',
    retry: { scheduleSeconds: [0.5, 5], retryOn: RetryOn.TRANSIENT },
    timeoutMs: 5000,
    rateLimit: { limit: 10, periodSeconds: 60 },
    quietHours: { start: '22:00', end: '06:00', timeZone: 'Europe/Berlin', mode: 'skip' },
    hourlyLimit: 20,
    payloadTemplate: { preset: '', expression: '{"text": data.message}' },
    maxConcurrency: 3,
    headers: { 'X-Token': 'header-secret-value' },
    metadata: { z: '1', a: '2' },
    testMode: true,
  });

  test('come back as they were made, without header values, and travel sealed', async () => {
    const { calls, tenant } = await aUser();
    const { endpoint, secret } = await calls.createEndpoint({ endpoint: full });
    expect(secret).toMatch(/^whsec_/);
    const { id, createdAt, updatedAt } = endpoint ?? anEndpoint();
    const outward = { ...full, id, enabled: true, headers: { 'X-Token': '***' }, createdAt, updatedAt };
    expect(endpoint).toEqual(outward);
    expect(await calls.getEndpoint({ id })).toEqual(outward);
    const state = registry.view.endpoint(id);
    expect(state).toMatchObject({ tenantId: tenant.id, version: 1, endpoint: { ...outward, headers: {} } });
    const keyring = openKeyring({ masterKey });
    const context = { tenantId: tenant.id, endpointId: id, version: 1 };
    const [sealed] = state?.secrets ?? [];
    expect(keyring.open(sealed?.sealed ?? Buffer.alloc(0), { ...context, purpose: 'secret' })).toBe(secret);
    const headers = keyring.open(state?.sealedHeaders ?? Buffer.alloc(0), { ...context, purpose: 'headers' });
    expect(JSON.parse(headers)).toEqual(full.headers);
  });

  test('leave nothing secret in clear, in the tables and on the log', async () => {
    const { calls } = await aUser();
    const { secret } = await calls.createEndpoint({ endpoint: full });
    const { key } = await admin.createApiKey({ tenantId: (await aTenant()).id, name: 'k', scopes: [] });
    const tables = ['tenants', 'api_keys', 'event_types', 'endpoints', 'endpoint_secrets', 'outbox'];
    const dump: object[] = [];
    for (const table of tables) dump.push(...(await asSuperuser<object>(`select t::text, * from registry.${table} t`)));
    const onLog = Buffer.concat(eventLog.records('registry-changes').map(({ value }) => value ?? Buffer.alloc(0)));
    const text = JSON.stringify(dump) + onLog.toString('latin1');
    for (const clear of [secret, secret.slice('whsec_'.length), 'header-secret-value', key]) {
      expect(text).not.toContain(clear);
      expect(text).not.toContain(Buffer.from(clear).toString('hex'));
    }
    expect(text).toContain('Everything');
  });

  test('are changed by mask only, and keep headers that come back as ***', async () => {
    const { calls, tenant } = await aUser();
    const id = idOf(await calls.createEndpoint({ endpoint: full }));
    const endpoint = anEndpoint({ id, url: 'https://example.com/new', headers: { 'X-Token': '***', 'X-B': 'b' } });
    const updated = await calls.updateEndpoint({ endpoint, updateMask: ['url', 'headers', 'quiet_hours', 'subject'] });
    expect(updated).toMatchObject({
      url: endpoint.url,
      description: 'Everything',
      quietHours: undefined,
      subject: undefined,
    });
    expect(updated.headers).toEqual({ 'X-Token': '***', 'X-B': '***' });
    const state = registry.view.endpoint(id);
    const context = { tenantId: tenant.id, endpointId: id, purpose: 'headers', version: 2 };
    expect(JSON.parse(openKeyring({ masterKey }).open(state?.sealedHeaders ?? Buffer.alloc(0), context))).toEqual({
      'X-Token': 'header-secret-value',
      'X-B': 'b',
    });
    expect(await calls.updateEndpoint({ endpoint, updateMask: [] })).toEqual(updated);
    await expect(calls.updateEndpoint({ endpoint, updateMask: ['id'] })).rejects.toEqual(
      refused('INVALID_FIELD', 'update_mask'),
    );
    await expect(
      calls.updateEndpoint({ endpoint: anEndpoint({ id, headers: { 'X-New': '***' } }), updateMask: ['headers'] }),
    ).rejects.toEqual(refused('INVALID_FIELD', 'headers.X-New'));
  });

  test('have a payload template until it is cleared, and never one that cannot be read', async () => {
    const { calls } = await aUser();
    const payloadTemplate = { preset: 'slack', expression: '' };
    const id = idOf(await calls.createEndpoint({ endpoint: anEndpoint({ payloadTemplate }) }));
    const update = (parts: Partial<Endpoint>) =>
      calls.updateEndpoint({ endpoint: anEndpoint({ id, ...parts }), updateMask: ['payload_template'] });
    await expect(update({ payloadTemplate: { preset: '', expression: '{"a": ' } })).rejects.toEqual(
      refused('INVALID_FIELD', 'payload_template.expression'),
    );
    expect(registry.view.endpoint(id)?.endpoint?.payloadTemplate).toEqual(payloadTemplate);
    expect(await update({})).toMatchObject({ payloadTemplate: undefined });
    expect((await calls.getEndpoint({ id })).payloadTemplate).toBeUndefined();
    expect(registry.view.endpoint(id)?.endpoint?.payloadTemplate).toBeUndefined();
  });

  test('are refused with every problem at once, and nothing is stored', async () => {
    const { calls } = await aUser();
    const wrong = anEndpoint({ url: 'https://10.0.0.1/', timeoutMs: 5, metadata: { a: '\u0000' } });
    await expect(calls.createEndpoint({ endpoint: wrong, secret: 'short' })).rejects.toEqual(
      refused('INVALID_FIELD', 'url', 'secret', 'timeout_ms', 'metadata.a'),
    );
    await expect(calls.createEndpoint({ endpoint: anEndpoint({ url: 'https://10.0.0.1/' }) })).rejects.toEqual(
      refused('INVALID_URL', 'url'),
    );
    await expect(calls.createEndpoint({ endpoint: anEndpoint({ filter: '[' }) })).rejects.toEqual(
      refused('INVALID_FILTER', 'filter'),
    );
    expect((await calls.listEndpoints({ limit: 0, cursor: '' })).endpoints).toEqual([]);
  });

  test('may ask for operational events, which no catalogue has', async () => {
    const strict = await aTenant(EventTypePolicy.STRICT);
    const calls = await aKey(registry, strict);
    const eventTypes = ['bellwire.*', 'bellwire.endpoint.disabled'];
    expect((await calls.createEndpoint({ endpoint: anEndpoint({ eventTypes }) })).endpoint).toMatchObject({
      eventTypes,
    });
  });

  test('keep each event type once, in the order of their first mention', async () => {
    const { calls } = await aUser();
    const twice = anEndpoint({ eventTypes: ['b', 'a', 'b', '*'] });
    const { endpoint } = await calls.createEndpoint({ endpoint: twice });
    expect(endpoint?.eventTypes).toEqual(['b', 'a', '*']);
    const changed = anEndpoint({ id: endpoint?.id ?? '', eventTypes: ['c', 'c', 'b'] });
    const after = await calls.updateEndpoint({ endpoint: changed, updateMask: ['event_types'] });
    expect(after.eventTypes).toEqual(['c', 'b']);
  });

  test('may be made disabled, and are never seen enabled then', async () => {
    const { calls } = await aUser();
    const { endpoint } = await calls.createEndpoint({ endpoint: anEndpoint({ enabled: true }), disabled: true });
    expect(endpoint).toMatchObject({ enabled: false, disabledReason: 'requested_by_user' });
    expect(registry.view.endpoint(endpoint?.id ?? '')).toMatchObject({ version: 1, endpoint: { enabled: false } });
  });

  test('are disabled with the first reason, and enabled without one', async () => {
    const { calls, tenant } = await aUser();
    const id = idOf(await calls.createEndpoint({ endpoint: anEndpoint() }));
    const gone = await registry.as(adminKey, tenant.id).disableEndpoint({ id, reason: 'gone' });
    expect(gone).toMatchObject({ enabled: false, disabledReason: 'gone' });
    expect(await calls.disableEndpoint({ id, reason: '' })).toEqual(gone);
    expect(registry.view.endpoint(id)?.endpoint).toMatchObject({ enabled: false, disabledReason: 'gone' });
    expect(await calls.enableEndpoint({ id })).toMatchObject({ enabled: true, disabledReason: '' });
    expect(await calls.disableEndpoint({ id, reason: '' })).toMatchObject({ disabledReason: 'requested_by_user' });
    await calls.enableEndpoint({ id });
    await registry.as(adminKey, tenant.id).disableEndpoint({ id, reason: 'failing' });
    expect(await calls.getEndpoint({ id })).toMatchObject({ enabled: false, disabledReason: 'failing' });
    const on = await calls.updateEndpoint({ endpoint: anEndpoint({ id, enabled: true }), updateMask: ['enabled'] });
    expect(on).toMatchObject({ enabled: true, disabledReason: '' });
  });

  test('are gone for everybody once they are deleted', async () => {
    const { calls } = await aUser();
    const id = idOf(await calls.createEndpoint({ endpoint: full }));
    expect(await calls.deleteEndpoint({ id })).toEqual({});
    expect(registry.view.endpoint(id)).toBeUndefined();
    await expect(calls.getEndpoint({ id })).rejects.toEqual(refused('NOT_FOUND'));
    await expect(calls.deleteEndpoint({ id })).rejects.toEqual(refused('NOT_FOUND'));
    expect(eventLog.records('registry-changes').at(-1)).toMatchObject({ key: `endpoint/${id}`, value: null });
  });
});
