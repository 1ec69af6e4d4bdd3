import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { apiOf, created, createdKey } from '../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';
import {
  config,
  configure,
  logs,
  logsOnceThereAre,
  newTenant,
  regenerate,
  shown,
  stats,
  testPath,
} from './roleready-webhooks.ts';

const problem = z.object({ reason: z.string(), fields: z.array(z.object({ path: z.string() })) });

let target: Target;
let receiver: Receiver;
useTarget((running) => ({ target, receiver } = running));

describe('bad input', () => {
  const good = { url: 'https://your-app.com/webhooks', enabled: true, enabledEvents: ['resume.parsed'] };

  test.each([
    [{ ...good, url: undefined }, 'url'],
    [{ ...good, url: 7 }, 'url'],
    [{ ...good, url: '' }, 'url'],
    [{ ...good, url: 'your-app.com' }, 'url'],
    [{ ...good, url: 'ftp://your-app.com/' }, 'url'],
    [{ ...good, url: `https://your-app.com/${'x'.repeat(2028)}` }, 'url'],
    [{ ...good, enabled: 1 }, 'enabled'],
    [{ ...good, enabledEvents: [] }, 'enabledEvents'],
    [{ ...good, enabledEvents: 'resume.parsed' }, 'enabledEvents'],
    [{ ...good, enabledEvents: ['resume.parsed', 'resume.read'] }, 'enabledEvents[1]'],
    [{ ...good, name: 'mine' }, 'name'],
  ])('number %# is refused, and nothing is written', async (body, path) => {
    const user = await (await newTenant(target)).user('1');
    const { status, headers, json } = await user.raw('POST', config, body);
    expect([status, headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(problem.parse(json).fields).toEqual([expect.objectContaining({ path })]);
    expect(await user.get(config, shown)).toMatchObject({ configured: false });
    // Nor is one that is there changed.
    await configure(user, good.url);
    const before = await user.get(config, shown);
    expect((await user.raw('POST', config, { ...body, url: path === 'url' ? (body.url ?? 7) : body.url })).status).toBe(
      400,
    );
    expect(await user.get(config, shown)).toEqual(before);
  });

  test('a URL of 2048 characters is taken, of 2049 not', async () => {
    const user = await (await newTenant(target)).user('1');
    const url = (length: number) => good.url + 'x'.repeat(length - good.url.length);
    expect((await user.raw('POST', config, { url: url(2048) })).status).toBe(200);
    expect((await user.raw('POST', config, { url: url(2049) })).status).toBe(400);
  });

  test.each(['limit=0', 'limit=101', 'offset=-1', 'event=resume.read', 'success=1', 'page=2'])(
    'logs?%s is refused',
    async (query) => {
      const user = await (await newTenant(target)).user('1');
      const { status, json } = await user.raw('GET', `/api/webhooks/logs?${query}`);
      expect([status, problem.parse(json).fields.map(({ path }) => path)]).toEqual([400, [query.split('=')[0]]]);
    },
  );
});

describe('outside development', () => {
  let production: Target;
  const folder = newDataDir();
  beforeAll(async () => {
    production = await startTarget({ dataDir: folder, env: { BELLWIRE_EGRESS_ALLOW_HTTP: 'false' } });
  });
  afterAll(async () => {
    await production.kill('SIGTERM');
    removeDataDir(folder);
  });

  test('only https is taken', async () => {
    const admin = apiOf(production.rest, production.adminKey);
    const { id } = await admin.post('/v1/tenants', { name: 'RoleReady', dialect: 'roleready' }, created);
    const { key } = await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'user', subject: '1' }, createdKey);
    const user = apiOf(production.rest, key);
    const { status, json } = await user.raw('POST', config, { url: 'http://your-app.com/webhooks' });
    expect([status, problem.parse(json)]).toEqual([400, { reason: 'INVALID_URL', fields: [{ path: 'url' }] }]);
    expect((await user.raw('POST', config, { url: 'https://your-app.com/webhooks' })).status).toBe(200);
  });
});

describe('another user', () => {
  test('of the same tenant or another has a configuration of his own, and sees nothing of this one', async () => {
    const tenant = await newTenant(target);
    const owner = await tenant.user('1');
    const { config: his } = await configure(owner, receiver.url('/owner'));
    await tenant.publish('resume.parsed', '1');
    await logsOnceThereAre(owner, 1);
    for (const other of [await tenant.user('2'), await (await newTenant(target)).user('1')]) {
      expect(await other.get(config, shown)).toMatchObject({ configured: false });
      expect(await other.get('/api/webhooks/logs', logs)).toMatchObject({ logs: [], pagination: { total: 0 } });
      expect(await other.get('/api/webhooks/stats', stats)).toMatchObject({ total: 0 });
      for (const path of [testPath, regenerate]) expect((await other.raw('POST', path)).status).toBe(404);
      expect((await other.raw('DELETE', config)).status).toBe(404);
      expect((await configure(other, receiver.url('/other'))).config.id).not.toBe(his.id);
    }
    expect(await owner.get(config, shown)).toMatchObject({ config: { id: his.id, url: receiver.url('/owner') } });
    expect((await configure(owner, receiver.url('/owner'))).config.secret).toBe(his.secret);
  });

  test('is nobody without a subject, without a key, or with the admin key', async () => {
    const whole = apiOf(target.rest, await (await newTenant(target)).keyOf());
    expect(await whole.raw('GET', config)).toMatchObject({ status: 403, json: { reason: 'SUBJECT_NEEDED' } });
    expect((await apiOf(target.rest, target.adminKey).raw('GET', config)).status).toBe(403);
    expect((await apiOf(target.rest, 'bw_unknown').raw('GET', config)).status).toBe(401);
  });
});
