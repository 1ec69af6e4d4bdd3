import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { created, newTenant } from '../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';

const dataDir = newDataDir();
let suite: Target;

beforeAll(async () => {
  suite = await startTarget({ dataDir });
});

afterAll(async () => {
  await suite.kill('SIGTERM');
  removeDataDir(dataDir);
});

describe('the suite', () => {
  test('stops when asked to, and finds its data at the next start', async () => {
    const { id, api } = await newTenant(suite.rest, suite.adminKey);
    const { id: eventId } = await api.post('/v1/events', { type: 'order.kept', data: {} }, created);
    const adminKey = suite.adminKey;
    expect(await suite.kill('SIGINT')).toBe(0);
    suite = await startTarget({ dataDir });
    expect(suite.adminKey).toBe(adminKey);
    const tenant = await fetch(`${suite.rest}/v1/tenants/${id}`, { headers: { authorization: `Bearer ${adminKey}` } });
    expect(await tenant.json()).toMatchObject({ id, name: 'acme' });
    const shown = await fetch(`${suite.rest}/v1/events/${eventId}`, {
      headers: { authorization: `Bearer ${adminKey}`, 'x-bellwire-tenant': id },
    });
    expect(shown.status).toBe(200);
  });

  test('says so when its data folder is in use, or a port is taken', async () => {
    await expect(startTarget({ dataDir })).rejects.toThrow(/is in use by process \d+/);
    const other = newDataDir();
    const env = { BELLWIRE_HTTP_PORT: suite.rest.split(':').at(-1) ?? '' };
    await expect(startTarget({ dataDir: other, env })).rejects.toThrow(/port/i);
    removeDataDir(other);
  });
});
