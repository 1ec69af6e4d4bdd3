import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiOf, created, newTenant, until } from '../target/api.ts';
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

  test('ends when its Postgres is killed, and has lost nothing at the next start', async () => {
    const { id, api } = await newTenant(suite.rest, suite.adminKey);
    const { id: eventId } = await api.post('/v1/events', { type: 'order.kept', data: {} }, created);
    const [pid] = readFileSync(path.join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n');
    const ended = suite.ended();
    process.kill(Number(pid), 'SIGKILL');
    expect(await ended).toBe(1);
    expect(suite.output()).toContain('Postgres ended by itself');
    suite = await startTarget({ dataDir });
    const shown = await until('the event', async () => {
      const answer = await apiOf(suite.rest, suite.adminKey, id).raw('GET', `/v1/events/${eventId}`);
      return answer.status === 200 ? answer : undefined;
    });
    expect(shown.json).toMatchObject({ id: eventId });
  });

  test('does not make a new master key beside data that needs the old one', async () => {
    await suite.kill('SIGINT');
    const file = path.join(dataDir, 'master.key');
    const key = readFileSync(file);
    rmSync(file);
    await expect(startTarget({ dataDir })).rejects.toThrow(/master\.key is gone, and the data beside it needs it/);
    const { api } = await (async () => {
      writeFileSync(file, key, { mode: 0o600 });
      suite = await startTarget({ dataDir });
      return newTenant(suite.rest, suite.adminKey);
    })();
    await api.post('/v1/endpoints', { url: 'http://127.0.0.1:9/' }, created);
    await suite.kill('SIGINT');
    const env = { BELLWIRE_MASTER_KEY: 'another key that has thirty-two characters' };
    await expect(startTarget({ dataDir, env })).rejects.toThrow(/BELLWIRE_MASTER_KEY is not the key/);
    suite = await startTarget({ dataDir });
  });
});
