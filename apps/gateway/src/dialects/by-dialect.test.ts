import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { RegistryServiceService as Registry, type WhoAmIResponse } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { openGateway, type TestGateway } from '../testing/open-gateway.ts';
import { subjectOf, type DialectRoute, type DialectRoutes } from './dialect-route.ts';

const reads = { name: 'reads', limit: 2, windowSeconds: 3600 };
const writes = { name: 'writes', limit: 1, windowSeconds: 60 };

const readThings: DialectRoute = (app) =>
  app.route({
    method: 'GET',
    url: '/api/things',
    config: { quota: reads },
    handler: async (request) => ({ of: 'red', user: subjectOf(request), tenant: request.who.tenantId }),
  });

const writeThing: DialectRoute = (app, { registry }) =>
  app.route({
    method: 'POST',
    url: '/api/things',
    config: { quota: writes },
    schema: { body: z.strictObject({ url: z.string() }) },
    handler: async (request, reply) => {
      const endpoint = { ...(await registry.unary(Registry.getEndpoint, { id: 'ep_1' }, request.who)) };
      return reply.code(201).send({ url: endpoint.url });
    },
  });

const readMore: DialectRoute = (app) =>
  app.route({ method: 'GET', url: '/api/things/more', config: { quota: reads }, handler: async () => ({}) });

const red: DialectRoutes = {
  dialect: 'red',
  routes: [readThings, writeThing, readMore],
  errorShape: ({ reason, detail }) => ({ body: { error: { reason, detail } } }),
};
const blue: DialectRoutes = {
  dialect: 'blue',
  forWholeTenant: true,
  routes: [
    (app) =>
      app.route({
        method: 'GET',
        url: '/api/things',
        handler: async ({ who }) => ({ of: 'blue', user: who.subject ?? null }),
      }),
  ],
};

let nowMs: number;
let gateway: TestGateway;
let asked: number;

beforeEach(async () => {
  nowMs = Date.now();
  asked = 0;
  gateway = await openGateway({ dialectRoutes: [red, blue], clock: { now: () => nowMs } });
  gateway.before.set('WhoAmI', () => {
    asked++;
  });
  gateway.keys.set('red-1', who('red', 'u1')).set('red-2', who('red', 'u2')).set('red-all', who('red'));
  gateway.keys.set('blue-1', who('blue', 'u1')).set('blue-all', who('blue'));
  gateway.keys.set('admin', { tenantId: '', dialect: '', scopes: [], apiKeyId: '' });
});
afterEach(() => gateway.close());

const who = (dialect: string, subject?: string): WhoAmIResponse => ({
  tenantId: `ten_${dialect}`,
  dialect,
  subject,
  scopes: [],
  apiKeyId: 'key_1',
});

const as = (bearer: string, method = 'GET', path = '/api/things', json?: string) =>
  gateway.call(method, path, {
    headers: { authorization: `Bearer ${bearer}` },
    ...(json === undefined ? {} : { json }),
  });

describe('one URL', () => {
  test('has a route for each dialect, and the key decides', async () => {
    expect((await as('red-1')).body).toEqual({ of: 'red', user: 'u1', tenant: 'ten_red' });
    expect((await as('blue-1')).body).toEqual({ of: 'blue', user: 'u1' });
  });

  test('that a dialect does not have is 404, also where another has it', async () => {
    expect(await as('blue-1', 'POST', '/api/things', '{}')).toMatchObject({
      status: 404,
      body: { reason: 'ROUTE_NOT_FOUND' },
    });
    expect(await as('key-1')).toMatchObject({ status: 404 });
    expect(await as('red-1', 'GET', '/api/nothing')).toMatchObject({
      status: 404,
      body: { error: { reason: 'ROUTE_NOT_FOUND' } },
    });
  });

  test('meets the handler of a service with the key of the caller', async () => {
    const answer = await as('red-1', 'POST', '/api/things', '{"url":"x"}');
    expect(answer).toMatchObject({ status: 201, body: { url: 'https://example.org/hooks' } });
    expect(gateway.calls).toMatchObject([{ method: 'GetEndpoint', bearer: 'red-1' }]);
  });

  test('refuses unknown members in the shape of its dialect', async () => {
    expect(await as('red-1', 'POST', '/api/things', '{"url":"x","y":1}')).toMatchObject({
      status: 400,
      body: { error: { reason: 'INVALID_FIELD' } },
    });
    expect(gateway.calls).toEqual([]);
  });

  test('is not in the description of the API', async () => {
    expect((await gateway.call('GET', '/openapi.json')).text).not.toContain('/api/');
  });
});

describe('a key', () => {
  test('that is missing or not valid is 401', async () => {
    const response = await fetch(`${gateway.url}/api/things`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ reason: 'MISSING_KEY' });
    gateway.before.set('WhoAmI', () => {
      throw new Fault('UNKNOWN_KEY', 'The API key is not known or was revoked.');
    });
    expect(await as('nobody')).toMatchObject({ status: 401, body: { reason: 'UNKNOWN_KEY' } });
  });

  test('without a subject, or of the admin, is 403 and told what to do', async () => {
    expect(await as('red-all')).toMatchObject({
      status: 403,
      body: { error: { reason: 'SUBJECT_NEEDED', detail: expect.stringContaining('give the key a subject') } },
    });
    expect(await as('admin')).toMatchObject({ status: 403, body: { reason: 'SUBJECT_NEEDED' } });
    expect(await as('blue-all')).toMatchObject({ status: 200, body: { user: null } });
  });

  test('is asked for once in ten seconds, and not at all for /v1', async () => {
    await Promise.all([as('blue-1'), as('blue-1'), as('blue-1', 'GET', '/api/other')]);
    expect(asked).toBe(1);
    nowMs += 9_999;
    await as('blue-1');
    expect(asked).toBe(1);
    nowMs += 1;
    await as('blue-1');
    expect(asked).toBe(2);
    await as('blue-1', 'GET', '/v1/endpoints');
    await as('fresh', 'GET', '/v1/endpoints');
    expect(asked).toBe(2);
  });

  test('is asked for again at once where registry could not tell', async () => {
    gateway.before.set('WhoAmI', () => {
      throw new Fault('DATABASE_UNAVAILABLE', 'Later.');
    });
    expect(await as('red-1')).toMatchObject({ status: 503, body: { reason: 'DATABASE_UNAVAILABLE' } });
    gateway.before.delete('WhoAmI');
    expect(await as('red-1')).toMatchObject({ status: 200 });
  });
});

describe('a quota', () => {
  const left = ({ headers }: { headers: Headers }) => headers.get('x-ratelimit-remaining');

  test('counts what shares it, for each user', async () => {
    const first = await as('red-1');
    expect(first.headers.get('x-ratelimit-limit')).toBe('2');
    expect(left(first)).toBe('1');
    expect(left(await as('red-1', 'GET', '/api/things/more'))).toBe('0');
    const refused = await as('red-1');
    const detail = 'At most 2 reads in 3600 seconds.';
    expect(refused).toMatchObject({ status: 429, body: { error: { reason: 'RATE_LIMITED', detail } } });
    expect(left(refused)).toBe('0');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3500);
    const reset = Number(refused.headers.get('x-ratelimit-reset'));
    expect(reset - nowMs / 1000).toBeGreaterThan(3500);
    expect(left(await as('red-2'))).toBe('1');
  });

  test('leaves the others alone, and has its own counter', async () => {
    const write = () => as('red-1', 'POST', '/api/things', '{"url":"x"}');
    expect(left(await write())).toBe('0');
    expect(await write()).toMatchObject({ status: 429 });
    expect(left(await as('red-1'))).toBe('1');
    expect((await as('blue-1')).headers.get('x-ratelimit-limit')).toBe('6000');
  });
});
