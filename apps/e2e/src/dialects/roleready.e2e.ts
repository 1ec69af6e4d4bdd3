import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { startReceiver, type Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { apiOf, created, nothing, until } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';
import { callsOf, runInOneShell } from './documented-calls.ts';
import { requests, responses } from './roleready-document.ts';
import {
  available,
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
import { shapeDifferences } from './shape.ts';

let target: Target;
let receiver: Receiver;
useTarget((running) => ({ target, receiver } = running));

const arrived = (path: string) => receiver.requests.filter((request) => request.path === path);

describe('the requests of the document', () => {
  test('answer with the names and the types that it prints', async () => {
    const tenant = await newTenant(target);
    const key = await tenant.keyOf('clx');
    const run = async (request: string): Promise<unknown> => {
      const [head = '', body] = request.split('\n\n', 2);
      const [first = '', ...lines] = head.split('\n');
      const [method = '', path = ''] = first.split(' ');
      const headers = Object.fromEntries(lines.map((line) => line.replace('<token>', key).split(': ', 2)));
      const json = body?.replace('https://your-app.com/webhooks', receiver.url('/document'));
      const response = await fetch(target.rest + path, {
        method,
        headers,
        ...(json === undefined ? {} : { body: json }),
      });
      expect([request, response.status]).toEqual([request, 200]);
      return response.json();
    };
    const holds = async (request: string, printed: string) =>
      expect({ request, differences: shapeDifferences(JSON.parse(printed), await run(request)) }).toEqual({
        request,
        differences: [],
      });

    await holds(requests.save, responses.save);
    await holds(requests.read, responses.read);
    for (const type of ['resume.parsed', 'ats.check_completed', 'tailoring.completed'])
      await tenant.publish(type, 'clx');
    await logsOnceThereAre(apiOf(target.rest, key), 3, '?success=true');
    await holds(requests.logs, responses.logs);
    await holds(requests.stats, responses.stats);
    await holds(requests.test, responses.testSucceeded);
    receiver.answer('/document', 500);
    await holds(requests.test, responses.testFailed);
    await holds(requests.regenerate, responses.regenerate);
    await holds(requests.delete, responses.delete);
  });

  test('and its commands of the troubleshooting run as they are', async () => {
    const key = await (await newTenant(target)).keyOf('clx');
    await configure(apiOf(target.rest, key), receiver.url('/trouble'));
    const commands = [
      `curl -X POST https://api.roleready.com/api/webhooks/test \\
  -H "Authorization: Bearer YOUR_TOKEN"`,
      `curl https://api.roleready.com/api/webhooks/config \\
  -H "Authorization: Bearer YOUR_TOKEN"`,
      `curl https://api.roleready.com/api/webhooks/logs?success=false \\
  -H "Authorization: Bearer YOUR_TOKEN"`,
    ];
    const outputs = await runInOneShell(
      commands.map((each) =>
        `${each}\necho`
          .replace('https://api.roleready.com', target.rest)
          .replace('YOUR_TOKEN', key)
          .replace('curl', 'curl -sf'),
      ),
    );
    const [tested, configured, failed] = outputs.map((text): unknown => JSON.parse(text));
    expect([tested, configured, failed]).toMatchObject([{ success: true }, { configured: true }, { logs: [] }]);
  });

  test('and those of our page answer as is printed there', async () => {
    const calls = callsOf('roleready', 'Routes');
    expect(calls).toHaveLength(9);
    const outputs = await runInOneShell(
      calls.map(({ commands }) =>
        commands
          .replaceAll('http://127.0.0.1:8080', target.rest)
          .replaceAll('$(cat .bellwire/admin.key)', target.adminKey)
          .replaceAll('https://your-app.com/webhooks', receiver.url('/page')),
      ),
    );
    for (const [index, { commands, printed }] of calls.entries()) {
      if (printed === undefined) continue;
      const differences = shapeDifferences(printed, JSON.parse(outputs[index] ?? ''));
      expect({ commands, differences }).toEqual({ commands, differences: [] });
    }
  });
});

describe('the configuration', () => {
  test('is none at first, then one, and none after it is deleted', async () => {
    const user = await (await newTenant(target)).user('1');
    const none = { configured: false, config: null, availableEvents: available };
    expect(await user.get(config, nothing)).toEqual(none);
    const { config: made } = await configure(user, receiver.url('/one'));
    expect(await user.get(config, shown)).toMatchObject({
      configured: true,
      config: { id: made.id, url: receiver.url('/one'), enabled: true, enabledEvents: available },
      availableEvents: available,
    });
    expect(await user.raw('DELETE', config)).toMatchObject({ status: 200 });
    expect(await user.get(config, nothing)).toEqual(none);
    for (const [method, path] of [
      ['DELETE', config],
      ['POST', testPath],
      ['POST', regenerate],
    ] as const) {
      expect(await user.raw(method, path)).toMatchObject({ status: 404, json: { reason: 'NOT_FOUND' } });
    }
  });

  test('stays one where twenty calls make it at once, and each is told the secret that signs', async () => {
    const tenant = await newTenant(target);
    const user = await tenant.user('1');
    const all = await Promise.all(
      Array.from({ length: 20 }, () => configure(user, receiver.url('/twenty'), { enabledEvents: ['resume.parsed'] })),
    );
    const [first] = all;
    expect(new Set(all.map((each) => JSON.stringify(each.config))).size).toBe(1);
    const { data } = await user.get('/v1/endpoints', z.object({ data: z.array(created) }));
    expect(data).toEqual([expect.objectContaining({ id: first?.config.id })]);
    await tenant.publish('resume.parsed', '1');
    const [sent] = await receiver.received(() => arrived('/twenty').length === 1).then(() => arrived('/twenty'));
    const { secret = '' } = first?.config ?? {};
    expect(sent?.headers).toMatchObject({
      'user-agent': 'RoleReady-Webhook/1.0',
      'x-webhook-event': 'resume.parsed',
      'x-webhook-signature': createHmac('sha256', secret)
        .update(sent?.body ?? '')
        .digest('hex'),
    });
  });

  test('keeps what an update leaves out, and tells the same secret', async () => {
    const user = await (await newTenant(target)).user('1');
    const before = await configure(user, receiver.url('/before'), {
      enabled: false,
      enabledEvents: ['ats.check_failed'],
    });
    expect(before).toMatchObject({ config: { enabled: false, enabledEvents: ['ats.check_failed'] } });
    const after = await configure(user, receiver.url('/after'));
    expect(after.config).toEqual({ ...before.config, url: receiver.url('/after') });
    expect(await user.post(config, { enabled: true, enabledEvents: ['tailoring.failed'] }, nothing)).toMatchObject({
      config: { ...after.config, enabled: true, enabledEvents: ['tailoring.failed'] },
    });
  });

  test('lets through the enabled events of its user alone, and none while it is disabled', async () => {
    const tenant = await newTenant(target);
    const user = await tenant.user('1');
    await configure(user, receiver.url('/chosen'), { enabled: false, enabledEvents: ['ats.check_completed'] });
    await tenant.publish('ats.check_completed', '1', { score: 1 });
    await user.post(config, { enabled: true }, nothing);
    await tenant.publish('ats.check_completed', '2', { score: 2 });
    await tenant.publish('resume.parsed', '1', { score: 3 });
    await tenant.publish('ats.check_completed', '1', { score: 4 });
    const { logs: found } = await logsOnceThereAre(user, 1, '?success=true');
    expect(arrived('/chosen').map(({ body }): unknown => JSON.parse(String(body)))).toEqual([
      {
        event: 'ats.check_completed',
        deliveryId: found[0]?.deliveryId,
        timestamp: expect.stringMatching(/^.{19}\.\d{3}Z$/),
        userId: '1',
        data: { score: 4 },
      },
    ]);
  });

  test('has the new secret alone once that is regenerated', async () => {
    const user = await (await newTenant(target)).user('1');
    const { config: made } = await configure(user, receiver.url('/rotate'));
    const { secret } = await user.post(regenerate, undefined, z.object({ secret: z.string() }));
    expect(secret).not.toBe(made.secret);
    await user.post(testPath, undefined, nothing);
    const [sent] = arrived('/rotate');
    const signature = createHmac('sha256', secret)
      .update(sent?.body ?? '')
      .digest('hex');
    expect(sent?.headers['x-webhook-signature']).toBe(signature);
    expect((await configure(user, receiver.url('/rotate'))).config.secret).toBe(secret);
  });
});

describe('a test', () => {
  test('is signed, says that it is one, and is in the logs but not in the statistics', async () => {
    const user = await (await newTenant(target)).user('1');
    await configure(user, receiver.url('/tested'), { enabled: false });
    const { deliveryId } = await user.post(testPath, undefined, z.object({ deliveryId: z.uuid() }));
    const [sent] = arrived('/tested');
    expect(sent?.headers).toMatchObject({ 'x-webhook-event': 'webhook.test', 'x-webhook-delivery-id': deliveryId });
    expect(JSON.parse(String(sent?.body))).toMatchObject({ event: 'webhook.test', userId: '1', data: { test: true } });
    const { logs: found } = await logsOnceThereAre(user, 1, '?event=webhook.test');
    expect(found).toMatchObject([{ deliveryId, success: true, attempts: 1 }]);
    expect(await user.get('/api/webhooks/stats', stats)).toMatchObject({ total: 0, successRate: '0.00' });
  });

  test('of a receiver that is not there says so without its address', async () => {
    const user = await (await newTenant(target)).user('1');
    const gone = await startReceiver();
    await gone.close();
    const tested = async (host: string): Promise<unknown> => {
      await configure(user, `http://${host}:${gone.port}/`);
      return (await user.raw('POST', testPath)).json;
    };
    const failed = { success: false, error: 'Failed to deliver test webhook', statusCode: null };
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await tested(host)).toMatchObject({ ...failed, details: `connect ECONNREFUSED ${host}:${gone.port}` });
    }
  });
});

describe('logs and statistics', () => {
  test('tell a failure with its attempts after 1, 5 and 15 seconds, and page', async () => {
    const tenant = await newTenant(target);
    const user = await tenant.user('1');
    receiver.answer('/history', ({ body }) => (String(body).includes('"bad"') ? 503 : 200));
    await configure(user, receiver.url('/history'));
    await tenant.publish('resume.parsed', '1', { is: 'bad' });
    await tenant.publish('resume.parsed', '1');
    await tenant.publish('tailoring.failed', '1');
    const { logs: waiting } = await logsOnceThereAre(user, 1, '?success=false');
    expect(waiting).toMatchObject([{ success: false, statusCode: 503, error: 'HTTP 503', deliveredAt: null }]);
    const ended = await until(
      'the last attempt',
      async () => {
        const found = await user.get('/api/webhooks/logs?success=false', logs);
        return found.logs[0]?.attempts === 4 ? found : undefined;
      },
      40_000,
    );
    expect(ended.pagination).toEqual({ total: 1, limit: 50, offset: 0, hasMore: false });
    const tries = arrived('/history').filter(({ body }) => String(body).includes('"bad"'));
    const waits = tries.slice(1).map((each, index) => each.receivedAtMs - (tries[index]?.receivedAtMs ?? 0));
    for (const [index, leastMs] of [990, 4990, 14_990].entries()) expect(waits[index]).toBeGreaterThanOrEqual(leastMs);

    await logsOnceThereAre(user, 3);
    const page = await user.get('/api/webhooks/logs?limit=1&offset=1', logs);
    expect(page).toMatchObject({ pagination: { total: 3, limit: 1, offset: 1, hasMore: true } });
    expect((await user.get('/api/webhooks/logs?limit=2&offset=2', logs)).pagination.hasMore).toBe(false);
    expect((await logsOnceThereAre(user, 2, '?event=resume.parsed')).logs.map(({ event }) => event)).toEqual([
      'resume.parsed',
      'resume.parsed',
    ]);
    expect(await user.get('/api/webhooks/stats', nothing)).toEqual({
      total: 3,
      successful: 2,
      failed: 1,
      successRate: '66.67',
      averageAttempts: '2.00',
      byEvent: {
        'resume.parsed': { total: 2, successful: 1, failed: 1 },
        'tailoring.failed': { total: 1, successful: 1, failed: 0 },
      },
    });
  });
});
