import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startReceiver, type ReceivedRequest, type Receiver } from '@bellwire/testing';
import { apiOf, nothing, until } from '../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';
import {
  checked,
  enabledPreferences,
  listed,
  newPlatform,
  none,
  preferences,
  preferencesPath,
  problem,
  sent,
  type Agent,
  type Platform,
} from './aifai-agents.ts';
import { check, list } from './aifai-document.ts';

const dataDir = newDataDir();
let target: Target;
let receiver: Receiver;
let platform: Platform;
let agents = 0;

beforeAll(async () => {
  receiver = await startReceiver();
  target = await startTarget({ dataDir });
  platform = await newPlatform(target);
});

afterAll(async () => {
  await target.kill('SIGTERM');
  await receiver.close();
  removeDataDir(dataDir);
});

const arrivedAt = (path: string): readonly ReceivedRequest[] =>
  receiver.requests.filter((received) => received.path === path);
const idsAt = (path: string): readonly number[] =>
  arrivedAt(path).map(({ body }) => sent.parse(JSON.parse(body.toString())).notification.id);
const enable = (path: string) => ({ enable_webhook: true, webhook_url: receiver.url(path) });
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** A new agent whose webhook is this path. */
const agentAt = async (path: string, more: Record<string, unknown> = {}, of: Platform = platform): Promise<Agent> => {
  const agent = await of.agent(`agent_${++agents}`);
  await agent.put({ ...enable(path), ...more }, enabledPreferences);
  return agent;
};

/** Waits between the requests to a path, in seconds. */
const waitsAt = (path: string): number[] => {
  const times = arrivedAt(path).map(({ receivedAtMs }) => receivedAtMs);
  return times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 1000);
};
const expectWaits = (path: string, wanted: readonly number[]): void => {
  const waits = waitsAt(path);
  expect(waits).toHaveLength(wanted.length);
  for (const [index, seconds] of wanted.entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(seconds - 0.01);
    expect(waits[index]).toBeLessThan(seconds + 3);
  }
};

describe('a notification', () => {
  test.each([400, 401, 404, 408, 425])('that is answered with %i is not sent again', async (status) => {
    const path = `/answers-${status}`;
    receiver.answer(path, status);
    const agent = await agentAt(path);
    await platform.notify(agent.subject, 1);
    expect(await agent.ended(1)).toMatchObject([{ status: 'dead_lettered', attempt_count: 1 }]);
    expect(arrivedAt(path)).toHaveLength(1);
  });

  test.each([503, 429])('that is answered with %i is sent again after 1, 2 and 3 seconds', async (status) => {
    const path = `/answers-${status}`;
    receiver.answer(path, status);
    const agent = await agentAt(path);
    await platform.notify(agent.subject, 1);
    expect(await agent.ended(1)).toMatchObject([{ status: 'dead_lettered', attempt_count: 4 }]);
    expectWaits(path, [1, 2, 3]);
    expect(new Set(arrivedAt(path).map(({ body }) => body.toString())).size).toBe(1);
  });

  test('is given up and sent again as the tenant has set it', async () => {
    const own = await newPlatform(target);
    await own.set({ timeout_ms: 1000, retry: { schedule_seconds: [2] } });
    receiver.answer('/hangs', { hang: 'before_headers' });
    receiver.answer('/refuses', 400);
    const [hanging, refusing] = [await agentAt('/hangs', {}, own), await agentAt('/refuses', {}, own)];
    for (const { subject } of [hanging, refusing]) await own.notify(subject, 1);
    expect(await hanging.ended(1)).toMatchObject([{ status: 'dead_lettered', attempt_count: 2 }]);
    expect(await refusing.ended(1)).toMatchObject([{ status: 'dead_lettered', attempt_count: 1 }]);
    expectWaits('/hangs', [3]);
  });

  test('in quiet hours is not sent, and is listed', async () => {
    const hour = new Date().getUTCHours();
    const quiet = { quiet_hours_start: hour, quiet_hours_end: (hour + 2) % 24 };
    const agent = await agentAt('/quiet', quiet);
    await platform.notify(agent.subject, 1);
    expect(await agent.ended(1)).toMatchObject([{ status: 'skipped', reason: 'quiet_hours', attempt_count: 0 }]);
    expect(await agent.listed(1)).toEqual([1]);

    // The same hours of another zone are nine hours away.
    await agent.put({ time_zone: 'Asia/Tokyo' }, preferences);
    await platform.notify(agent.subject, 2);
    expect((await agent.ended(2)).map(({ status }) => status)).toEqual(['delivered', 'skipped']);
    await agent.put({ time_zone: null, quiet_hours_end: null }, preferences);
    await platform.notify(agent.subject, 3);
    expect((await agent.ended(3)).map(({ status }) => status)).toEqual(['delivered', 'delivered', 'skipped']);
    expect(await agent.listed(3)).toEqual([3, 2, 1]);
    expect(idsAt('/quiet')).toEqual([2, 3]);
  });

  test('that is the eleventh of ten an hour is not sent, is listed, and can be sent by hand', async () => {
    const agent = await agentAt('/hourly', { max_notifications_per_hour: 10 });
    for (const id of upTo(11)) await platform.notify(agent.subject, id);
    const deliveries = await agent.ended(11);
    const [skipped, ...others] = deliveries.filter(({ status }) => status !== 'delivered');
    expect(others).toEqual([]);
    expect(skipped).toMatchObject({ status: 'skipped', reason: 'hourly_limit', attempt_count: 0 });
    expect(arrivedAt('/hourly')).toHaveLength(10);
    expect((await agent.listed(11)).toSorted((one, other) => one - other)).toEqual(upTo(11));

    await agent.api.post(`/v1/deliveries/${skipped?.id}/redeliver`, {}, nothing);
    await receiver.received(() => arrivedAt('/hourly').length === 11);
    expect([...idsAt('/hourly')].toSorted((one, other) => one - other)).toEqual(upTo(11));
  });
});

describe('the list', () => {
  test('is the newest first, a page at a time', async () => {
    const agent = await platform.agent(`agent_${++agents}`);
    for (const id of upTo(3)) {
      await platform.notify(agent.subject, id);
      await agent.listed(id);
    }
    const pageOf = async (query: string) => {
      const page = await agent.api.get(`${list}${query}`, listed);
      return { ...page, notifications: page.notifications.map(({ id }) => id) };
    };
    expect(await pageOf('')).toEqual({ notifications: [3, 2, 1], total: 3, limit: 50, offset: 0 });
    expect(await pageOf('?limit=2')).toEqual({ notifications: [3, 2], total: 3, limit: 2, offset: 0 });
    expect(await pageOf('?limit=2&offset=2')).toEqual({ notifications: [1], total: 3, limit: 2, offset: 2 });
    expect(await pageOf('?offset=9')).toEqual({ notifications: [], total: 3, limit: 50, offset: 9 });
  });

  test('is checked for what is new: each comes once, and preferences stay', async () => {
    const agent = await platform.agent(`agent_${++agents}`);
    const next = () =>
      until('something new', async () => {
        const { notifications, total } = await agent.api.post(check, undefined, checked);
        return total > 0 ? notifications.map(({ id }) => id) : undefined;
      });
    await agent.put({ max_notifications_per_hour: 5 }, preferences);
    await platform.notify(agent.subject, 1);
    await until('the look to tell it', async () =>
      (await agent.api.get(check, checked)).total === 1 ? true : undefined,
    );
    expect(await next()).toEqual([1]);
    await platform.notify(agent.subject, 2);
    expect(await next()).toEqual([2]);
    expect(await agent.api.post(check, undefined, checked)).toEqual({ notifications: [], total: 0 });
    expect(await agent.read()).toEqual({ ...none, max_notifications_per_hour: 5 });
  });
});

describe('somebody else', () => {
  test('sees nothing of an agent, whether of the same tenant or of another', async () => {
    const agent = await agentAt('/mine');
    await platform.notify(agent.subject, 1);
    await agent.ended(1);
    const before = await agent.read();
    for (const other of [await platform.agent('neighbour'), await (await newPlatform(target)).agent(agent.subject)]) {
      expect(await other.read()).toEqual(none);
      expect(await other.api.get(list, listed)).toMatchObject({ notifications: [], total: 0 });
      expect(await other.api.get(check, checked)).toEqual({ notifications: [], total: 0 });
      await other.put(enable('/theirs'), enabledPreferences);
    }
    await platform.notify(agent.subject, 2);
    await agent.ended(2);
    expect(await agent.read()).toEqual(before);
    expect(arrivedAt('/theirs')).toEqual([]);
  });

  test('needs a key of a user, of a tenant of this dialect', async () => {
    const admin = apiOf(target.rest, target.adminKey, platform.id);
    expect((await admin.raw('GET', preferencesPath)).status).toBe(403);
    expect((await apiOf(target.rest, 'nobody').raw('GET', preferencesPath)).status).toBe(401);
    const standard = await (await newPlatform(target, 'standard')).agent('7');
    for (const path of [preferencesPath, list, check]) expect((await standard.api.raw('GET', path)).status).toBe(404);
  });
});

describe('bad input', () => {
  test('is refused, and nothing is written', async () => {
    const agent = await platform.agent(`agent_${++agents}`);
    const refused: readonly (readonly [unknown, string])[] = [
      [{ ...enable('/x'), enabled: true }, 'enabled'],
      [{ enable_webhook: 1 }, 'enable_webhook'],
      [{ webhook_url: ['https://example.com'] }, 'webhook_url'],
      [{ webhook_url: 'example.com/hooks' }, 'webhook_url'],
      [{ webhook_url: 'ftp://example.com/hooks' }, 'webhook_url'],
      [{ webhook_url: 'https://10.0.0.1/hooks' }, 'webhook_url'],
      [{ webhook_url: `https://example.com/${'x'.repeat(2029)}` }, 'webhook_url'],
      [{ ...enable('/x'), quiet_hours_start: 24 }, 'quiet_hours_start'],
      [{ ...enable('/x'), quiet_hours_start: 6, quiet_hours_end: 6 }, 'quiet_hours_end'],
      [{ ...enable('/x'), time_zone: 'Nowhere' }, 'time_zone'],
      [{ ...enable('/x'), max_notifications_per_hour: 0 }, 'max_notifications_per_hour'],
      [{ ...enable('/x'), max_notifications_per_hour: '10' }, 'max_notifications_per_hour'],
      [{ ...enable('/x'), notification_types: [1] }, 'notification_types[0]'],
      [{ ...enable('/x'), priorities: [] }, 'priorities'],
    ];
    for (const [given, path] of refused) {
      const { status, json } = await agent.api.raw('PUT', preferencesPath, given);
      expect([path, status, problem.parse(json).fields.map((field) => field.path)]).toEqual([path, 400, [path]]);
    }
    for (const [method, path, body] of [
      ['PUT', preferencesPath],
      ['PUT', preferencesPath, '[]'],
      ['PUT', preferencesPath, '{"enable_webhook":true,"enable_webhook":false}'],
      ['PUT', preferencesPath, '{"enable_webhook":'],
      ['GET', `${preferencesPath}?all=true`],
      ['POST', check, { notification_type: 'x' }],
      ['POST', `${check}?since=1`],
      ['GET', `${list}?limit=0`],
      ['GET', `${list}?limit=101`],
      ['GET', `${list}?offset=-1`],
      ['GET', `${list}?offset=10001`],
      ['GET', `${list}?cursor=x`],
    ] as const) {
      expect([method, path, (await agent.api.raw(method, path, body)).status]).toEqual([method, path, 400]);
    }
    expect(await agent.read()).toEqual(none);
    expect(await agent.api.get('/v1/endpoints', nothing)).toMatchObject({ data: [] });
  });

  test('leaves the webhook that is there as it is', async () => {
    const agent = await agentAt('/kept', { max_notifications_per_hour: 10 });
    const before = await agent.read();
    const bad = { max_notifications_per_hour: 20, webhook_url: 'https://10.0.0.1/hooks' };
    expect((await agent.api.raw('PUT', preferencesPath, bad)).status).toBe(400);
    expect(await agent.read()).toEqual(before);
  });

  test('is a URL without TLS, outside development', async () => {
    const strict = await startTarget({ kind: 'suite', env: { BELLWIRE_EGRESS_ALLOW_HTTP: 'false' } });
    try {
      const agent = await (await newPlatform(strict)).agent('7');
      for (const enable_webhook of [true, false]) {
        const given = { enable_webhook, webhook_url: 'http://example.com/hooks', quiet_hours_start: 22 };
        const { status, json } = await agent.api.raw('PUT', preferencesPath, given);
        expect([status, problem.parse(json)]).toMatchObject([
          400,
          { reason: 'INVALID_URL', fields: [{ path: 'webhook_url' }] },
        ]);
      }
      expect(await agent.read()).toEqual(none);
    } finally {
      await strict.kill('SIGTERM');
      removeDataDir(strict.dataDir);
    }
  });
});
