import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { apiOf, created, createdEndpoint, createdKey, type Api } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';

// What is read of a request here is what the documents tell their receivers to read.
const systems = [
  { name: 'contribux', types: 8, signature: 'x-contribux-signature', prefix: 'sha256=' },
  { name: 'roleready', types: 7, signature: 'x-webhook-signature', prefix: '' },
  { name: 'aifai', types: 1, signature: 'x-aifai-signature', prefix: 'sha256=' },
  { name: 'hub', types: 6, signature: 'x-hub-signature', prefix: 'sha256=' },
  { name: 'notely', types: 17, signature: 'x-webhook-signature', prefix: 'sha256=' },
];

const eventTypes = z.object({ data: z.array(z.object({ name: z.string(), example: z.unknown() })) });
const refusal = z.object({ reason: z.string() });

let suite: Target;
let receiver: Receiver;
useTarget((running) => ({ target: suite, receiver } = running));

const tenantOf = async (dialect: string): Promise<Api> => {
  const admin = apiOf(suite.rest, suite.adminKey);
  const { id } = await admin.post('/v1/tenants', { name: dialect, dialect }, created);
  const { key } = await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'test' }, createdKey);
  return apiOf(suite.rest, key);
};

const refusalOf = async (api: Api, event: unknown): Promise<string> =>
  refusal.parse((await api.raw('POST', '/v1/events', event)).json).reason;

describe.each(systems)('a tenant of $name', ({ name, types, signature, prefix }) => {
  test('has its catalogue, and its endpoints get every event of it, signed', async () => {
    const api = await tenantOf(name);
    const { data: catalogue } = await api.get('/v1/event-types?limit=50', eventTypes);
    expect(catalogue).toHaveLength(types);
    const { secret } = await api.post('/v1/endpoints', { url: receiver.url(`/${name}`) }, createdEndpoint);
    for (const { name: type, example } of catalogue) {
      await api.post('/v1/events', { type, data: example ?? { id: '1' } }, created);
    }
    const ours = () => receiver.requests.filter(({ path }) => path === `/${name}`);
    await receiver.received(() => ours().length === types);
    for (const { headers, body } of ours()) {
      expect(headers[signature]).toBe(prefix + createHmac('sha256', secret).update(body).digest('hex'));
    }
  });

  test('may publish no other type', async () => {
    expect(await refusalOf(await tenantOf(name), { type: 'never.heard', data: {} })).toBe('UNKNOWN_EVENT_TYPE');
  });
});

test('data that the bodies of a dialect have no place for is refused', async () => {
  for (const { name } of systems) {
    const api = await tenantOf(name);
    const { data: catalogue } = await api.get('/v1/event-types?limit=50', eventTypes);
    const type = catalogue[0]?.name ?? '';
    for (const data of ['text', 1, null]) {
      expect(await refusalOf(api, { type, data })).toBe('PAYLOAD_NOT_REPRESENTABLE');
    }
  }
});

test('data that receivers would write anew is refused where the document makes them do that', async () => {
  const raw = '{"type":"task.created","data":{"taskId":1.0}}';
  for (const dialect of ['hub', 'notely']) {
    const { status, json } = await (await tenantOf(dialect)).raw('POST', '/v1/events', raw);
    expect([status, refusal.parse(json).reason]).toEqual([400, 'PAYLOAD_NOT_REPRESENTABLE']);
  }
  const { status } = await (await tenantOf('standard')).raw('POST', '/v1/events', raw);
  expect(status).toBe(202);
});
