import { describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { removeDataDir, startTarget, type Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';
import { createAt, deliveryThatIs, good, newTenant, publish, webhook } from './hub-webhooks.ts';

const refusal = z.object({ reason: z.string(), fields: z.array(z.object({ path: z.string() })) });

let target: Target;
let receiver: Receiver;
useTarget((running) => ({ target, receiver } = running));

describe('bad input', () => {
  const rows: readonly [what: string, wrong: Record<string, unknown>, path: string, reason?: string][] = [
    ['an unknown member', { color: 'red' }, 'color'],
    ['a name that is a number', { name: 1 }, 'name'],
    ['a long name', { name: 'x'.repeat(256) }, 'name'],
    ['a URL that is none', { url: 'nowhere' }, 'url', 'INVALID_URL'],
    ['another scheme', { url: 'ftp://example.com/' }, 'url', 'INVALID_URL'],
    ['a private address', { url: 'https://10.0.0.1/' }, 'url', 'INVALID_URL'],
    ['2049 characters', { url: `https://example.com/${'a'.repeat(2029)}` }, 'url', 'INVALID_URL'],
    ['an unknown event', { events: ['task.completed', 'task.exploded'] }, 'events[1]'],
    ['a pattern', { events: ['task.*'] }, 'events[0]'],
    ['everything', { events: ['*'] }, 'events[0]'],
    ['no event', { events: [] }, 'events'],
    ['events as text', { events: 'task.completed' }, 'events'],
    ['an empty secret', { secret: '' }, 'secret'],
    ['a secret that is null', { secret: null }, 'secret'],
    ['testMode as text', { testMode: 'true' }, 'testMode'],
    ['11 retries', { maxRetries: 11 }, 'maxRetries'],
    ['-1 retries', { maxRetries: -1 }, 'maxRetries'],
    ['1.5 retries', { maxRetries: 1.5 }, 'maxRetries'],
    ['a rate limit of 0', { rateLimit: 0 }, 'rateLimit'],
    ['another subject', { subject: '2' }, 'subject'],
  ];

  test('is refused with what is wrong with it, and makes or changes nothing', async () => {
    const user = await (await newTenant(target)).user('1');
    const { secret: _made, ...before } = await createAt(user, receiver.url('/kept'));
    const path = `/api/webhooks/${before.id}`;
    for (const [what, wrong, field, reason = 'INVALID_FIELD'] of rows) {
      const calls = [
        ['POST', '/api/webhooks', { ...good, ...wrong }],
        ['PUT', path, { ...good, ...wrong }],
        ['PATCH', path, { secret: 'other', ...wrong }],
      ] as const;
      for (const [method, url, body] of calls) {
        const { status, json } = await user.raw(method, url, body);
        const { reason: found, fields } = refusal.parse(json);
        expect([what, method, status, found, fields[0]?.path]).toEqual([what, method, 400, reason, field]);
      }
    }
    expect(await user.get('/api/webhooks', z.array(webhook))).toEqual([before]);
  });

  test('is refused where there is no body, no JSON, or a query that is not known', async () => {
    const user = await (await newTenant(target)).user('1');
    const { id } = await createAt(user, receiver.url('/query'));
    const path = `/api/webhooks/${id}`;
    const calls: readonly [method: string, path: string, body?: unknown][] = [
      ['POST', '/api/webhooks'],
      ['POST', '/api/webhooks', '{"url":'],
      ['POST', '/api/webhooks', '[]'],
      ['POST', '/api/webhooks', { name: good.name, url: good.url }],
      ['PUT', path, { name: 'x' }],
      ['PATCH', path],
      ['POST', `${path}/test`, '1'],
      ['POST', `${path}/test`, 'null'],
      ['POST', `${path}/test`, '{"n":12345678901234567890}'],
      ['POST', `${path}/test`, '{"b":1,"1":2}'],
      ['POST', `${path}/test?event=task.deleted`, {}],
      ['GET', '/api/webhooks?page=2'],
      ['GET', `${path}?secret=true`],
      ['GET', `${path}/deliveries?limit=0`],
      ['GET', `${path}/deliveries?limit=101`],
      ['GET', `${path}/deliveries?status=lost`],
      ['GET', `${path}/deliveries?cursor=x`],
      ['GET', `${path}/deliveries?event=task.never`],
      ['GET', `${path}/metrics?since=yesterday`],
      ...[`${path}/deliveries`, `${path}/metrics`, '/v1/deliveries', '/v1/events', '/v1/dead-letters', '/v1/stats'].map(
        (url): [method: string, path: string] => [
          'GET',
          `${url}?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z`,
        ],
      ),
    ];
    for (const [method, url, body] of calls) {
      expect([method, url, (await user.raw(method, url, body)).status]).toEqual([method, url, 400]);
    }
    const large = { ...good, name: 'x'.repeat(2_000_000) };
    for (const url of ['/api/webhooks', `${path}/test`, '/v1/endpoints', '/v1/events']) {
      const { status, json } = await user.raw('POST', url, large);
      expect([url, status, refusal.parse(json).reason]).toEqual([url, 413, 'PAYLOAD_TOO_LARGE']);
    }
    expect(await user.get('/api/webhooks', z.array(webhook))).toHaveLength(1);
    expect(receiver.requests).toEqual([]);
  });

  test('is a URL without TLS, outside development', async () => {
    const strict = await startTarget({ kind: 'suite', env: { BELLWIRE_EGRESS_ALLOW_HTTP: 'false' } });
    try {
      const user = await (await newTenant(strict)).user('1');
      const { status, json } = await user.raw('POST', '/api/webhooks', { ...good, url: 'http://example.com/webhook' });
      expect([status, refusal.parse(json).reason]).toEqual([400, 'INVALID_URL']);
      expect(await user.get('/api/webhooks', z.array(webhook))).toEqual([]);
    } finally {
      await strict.kill('SIGTERM');
      removeDataDir(strict.dataDir);
    }
  });
});

describe('somebody else', () => {
  test('does not find a webhook, whether of the same tenant or of another', async () => {
    const [tenant, foreign] = [await newTenant(target), await newTenant(target)];
    const owner = await tenant.user('1');
    const { secret: _made, ...before } = await createAt(owner, receiver.url('/mine'));
    const path = `/api/webhooks/${before.id}`;
    const { id: deliveryId } = await publish(tenant, '1').then(() => deliveryThatIs(owner, before.id, 'delivered'));
    for (const other of [await tenant.user('2'), await foreign.user('1'), foreign.whole]) {
      const own = await createAt(other, receiver.url('/theirs'));
      const calls: readonly [method: string, path: string, body?: unknown][] = [
        ['GET', path],
        ['PATCH', path, { active: false }],
        ['PATCH', path, { secret: 'stolen' }],
        ['PUT', path, good],
        ['DELETE', path],
        ['POST', `${path}/test`, {}],
        ['GET', `${path}/deliveries`],
        ['GET', `${path}/deliveries/${deliveryId}`],
        ['GET', `/api/webhooks/${own.id}/deliveries/${deliveryId}`],
        ['GET', `${path}/metrics`],
      ];
      for (const [method, url, body] of calls) {
        expect([method, url, (await other.raw(method, url, body)).status]).toEqual([method, url, 404]);
      }
      const seen = (await other.get('/api/webhooks', z.array(webhook))).map(({ id }) => id);
      expect([seen.includes(own.id), seen.includes(before.id)]).toEqual([true, false]);
    }
    expect(await owner.get('/api/webhooks', z.array(webhook))).toEqual([before]);
    expect(receiver.requests.map(({ path: at }) => at)).toEqual(['/mine']);
  });

  test('without a key is told so', async () => {
    const response = await fetch(`${target.rest}/api/webhooks`);
    expect([response.status, await response.json()]).toMatchObject([401, { reason: 'MISSING_KEY' }]);
  });
});
