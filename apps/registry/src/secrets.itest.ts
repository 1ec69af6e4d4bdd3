import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EventTypePolicy } from '@bellwire/contracts';
import { openKeyring } from '@bellwire/secrets';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import {
  aKey,
  aLog,
  anEndpoint,
  aUser,
  idOf,
  masterKey,
  refused,
  startRegistryUnderTest,
  type RegistryUnderTest,
} from './registry-under-test.ts';

let database: FreshDatabase;
let registry: RegistryUnderTest;

beforeAll(async () => {
  database = await freshDatabase();
  registry = await startRegistryUnderTest({ databaseUrl: database.url, eventLog: await aLog() });
});
afterAll(async () => {
  await registry.close();
  await database.drop();
  expect(registry.failures).toEqual([]);
});

describe('endpoints', () => {
  test('rotate their secret, with the old one beside it', async () => {
    const { calls, tenant } = await aUser(registry);
    const mine = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const made = await calls.createEndpoint({ endpoint: anEndpoint(), secret: mine });
    expect(made.secret).toBe(mine);
    const id = idOf(made);
    const rotated = await calls.rotateSecret({ id });
    const secrets = registry.view.endpoint(id)?.secrets ?? [];
    expect(secrets.map(({ version, expiresAtMs }) => [version, expiresAtMs === undefined])).toEqual([
      [2, true],
      [1, false],
    ]);
    expect((secrets[1]?.expiresAtMs ?? 0) - Date.now()).toBeGreaterThan(86_390_000);
    const opened = secrets.map(({ sealed, version }) =>
      openKeyring({ masterKey }).open(sealed, { tenantId: tenant.id, endpointId: id, purpose: 'secret', version }),
    );
    expect(opened).toEqual([rotated.secret, mine]);
    await calls.rotateSecret({ id, overlapSeconds: 0 });
    expect(registry.view.endpoint(id)?.secrets).toMatchObject([{ version: 3 }]);
    await expect(calls.rotateSecret({ id, secret: 'x', overlapSeconds: 604_801 })).rejects.toEqual(
      refused('INVALID_FIELD', 'overlap_seconds', 'secret'),
    );
  });

  test('have a new secret and what is edited with it from the same version on', async () => {
    const { calls, tenant } = await aUser(registry);
    const made = await calls.createEndpoint({
      endpoint: anEndpoint({ description: 'stays', headers: { 'X-Token': 'kept' } }),
    });
    const id = idOf(made);
    const endpoint = anEndpoint({ id: 'ep_other', url: 'https://example.com/new', headers: { 'X-Token': '***' } });
    const edit = { endpoint, updateMask: ['url', 'headers', 'enabled'] };
    const rotated = await calls.rotateSecret({ id, overlapSeconds: 0, edit });
    const changed = { id, url: endpoint.url, description: 'stays', enabled: false };
    expect(rotated.endpoint).toMatchObject({ ...changed, disabledReason: 'requested_by_user' });
    const state = registry.view.endpoint(id);
    expect(state).toMatchObject({ version: 2, endpoint: changed, secrets: [{ version: 2 }] });
    const keyring = openKeyring({ masterKey });
    const context = { tenantId: tenant.id, endpointId: id, version: 2 };
    const sealed = state?.secrets[0]?.sealed ?? Buffer.alloc(0);
    expect(keyring.open(sealed, { ...context, purpose: 'secret' })).toBe(rotated.secret);
    expect(rotated.secret).not.toBe(made.secret);
    const headers = keyring.open(state?.sealedHeaders ?? Buffer.alloc(0), { ...context, purpose: 'headers' });
    expect(JSON.parse(headers)).toEqual({ 'X-Token': 'kept' });
  });

  test('keep their secret and everything else where an edit or its secret is refused', async () => {
    const { calls } = await aUser(registry);
    const id = idOf(await calls.createEndpoint({ endpoint: anEndpoint() }));
    const before = registry.view.endpoint(id);
    const wrong = { endpoint: anEndpoint({ url: 'http://127.0.0.1/' }), updateMask: ['url'] };
    const right = { endpoint: anEndpoint({ url: 'https://example.com/new' }), updateMask: ['url'] };
    await expect(calls.rotateSecret({ id, edit: wrong })).rejects.toEqual(refused('INVALID_URL', 'url'));
    await expect(calls.rotateSecret({ id, secret: 'x', edit: wrong })).rejects.toEqual(
      refused('INVALID_FIELD', 'url', 'secret'),
    );
    await expect(calls.rotateSecret({ id, secret: 'x', edit: right })).rejects.toEqual(
      refused('INVALID_FIELD', 'secret'),
    );
    await expect(calls.rotateSecret({ id, edit: { ...right, updateMask: ['url', 'id'] } })).rejects.toEqual(
      refused('INVALID_FIELD', 'update_mask'),
    );
    expect(registry.view.endpoint(id)).toEqual(before);
    expect(await calls.getEndpoint({ id })).toMatchObject({ url: anEndpoint().url });
    // Of the rows, too: what the next version has is one above what it had.
    await calls.rotateSecret({ id });
    expect(registry.view.endpoint(id)).toMatchObject({ version: 2, secrets: [{ version: 2 }, { version: 1 }] });
  });

  test('show their newest secret again where the dialect lets users read it, and nowhere else', async () => {
    const readable = await registry.as().createTenant({
      name: 'roleready',
      dialect: 'roleready',
      eventTypePolicy: EventTypePolicy.UNSPECIFIED,
      timeoutMs: 0,
    });
    const calls = await aKey(registry, readable);
    const { endpoint, secret } = await calls.createEndpoint({ endpoint: anEndpoint() });
    const id = idOf({ endpoint });
    expect(await calls.getSecret({ id })).toEqual({ secret });
    const rotated = await calls.rotateSecret({ id });
    expect(await calls.getSecret({ id })).toEqual({ secret: rotated.secret });
    const reader = await aKey(registry, readable, { scopes: ['endpoints:read'] });
    await expect(reader.getSecret({ id })).rejects.toEqual(refused('MISSING_SCOPE'));
    const other = (await aUser(registry)).calls;
    const others = idOf(await other.createEndpoint({ endpoint: anEndpoint() }));
    await expect(other.getSecret({ id: others })).rejects.toEqual(refused('WRONG_STATE'));
  });
});
