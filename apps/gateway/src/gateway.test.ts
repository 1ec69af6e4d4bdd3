import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { Fault } from '@bellwire/errors';
import { openChannel } from '@bellwire/rpc';
import { samples } from './testing/fake-services.ts';
import { openGateway, type TestGateway } from './testing/open-gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.calls.length = 0;
  gateway.before.clear();
});

const publish = (json: string) => gateway.call('POST', '/v1/events', { json });

describe('the data of an event', () => {
  test.each([
    ['1.0', '1.0'],
    ['1e5', '1e5'],
    ['12345678901234567890', '12345678901234567890'],
    ['{ "10" : 1, "9" : 2 , "a":1, "a":2 }', '{"10":1,"9":2,"a":1,"a":2}'],
    ['"\\u00e9 \\/ é 😀"', '"\\u00e9 \\/ é 😀"'],
    ['null', 'null'],
    ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
  ])('%s reaches ingestion as %s', async (data, expected) => {
    expect(await publish(`{"type":"a","data":${data}}`)).toMatchObject({ status: 202, body: { id: 'evt_1' } });
    expect(gateway.calls).toMatchObject([{ method: 'Publish', request: { type: 'a', data: expected } }]);
  });

  test('comes back as the text that is stored', async () => {
    const one = await gateway.call('GET', '/v1/events/evt_1');
    const list = await gateway.call('GET', '/v1/events');
    for (const { text } of [one, list]) expect(text).toContain(`"data":${samples.event.data},`);
  });

  test('may be as large as the limit with 64 KiB around it, and no larger', async () => {
    const data = (length: number) => `{"type":"a","data":"${'x'.repeat(length)}"}`;
    expect(await publish(data(262_144 + 65_536 - 23))).toMatchObject({ status: 202 });
    expect(await publish(data(262_144 + 65_536))).toMatchObject({ status: 413, body: { reason: 'PAYLOAD_TOO_LARGE' } });
  });
});

describe('a request', () => {
  const refused = async (method: string, path: string, options: Parameters<TestGateway['call']>[2] = {}) => {
    const { status, headers, body } = await gateway.call(method, path, options);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(gateway.calls).toEqual([]);
    return { status, body };
  };

  test('names every unknown and every wrong member', async () => {
    const json = '{"url":1,"retry":{"schedule_seconds":[1,"x"],"when":1},"colour":"red","__proto__":{}}';
    expect(await refused('POST', '/v1/endpoints', { json })).toMatchObject({
      status: 400,
      body: {
        reason: 'INVALID_FIELD',
        fields: expect.arrayContaining([
          { path: 'url', message: 'must be a string' },
          { path: 'retry.schedule_seconds[1]', message: 'must be a number' },
          { path: 'retry.when', message: 'is not known here' },
          { path: 'colour', message: 'is not known here' },
          { path: '__proto__', message: 'is not known here' },
        ]),
      },
    });
  });

  test('names what is missing', async () => {
    expect(await refused('POST', '/v1/events', { json: '{}' })).toMatchObject({
      body: {
        fields: [
          { path: 'type', message: 'is required' },
          { path: 'data', message: 'is required' },
        ],
      },
    });
  });

  test.each([
    ['/v1/deliveries?colour=red', 'colour', 'is not known here'],
    ['/v1/deliveries?status=lost', 'status', expect.stringContaining('must be one of pending, held')],
    ['/v1/deliveries?limit=101', 'limit', 'must be at most 100'],
    ['/v1/deliveries?limit=many', 'limit', 'must be a whole number'],
    ['/v1/deliveries?limit=1e1', 'limit', 'must be a whole number'],
    ['/v1/deliveries?since=yesterday', 'since', 'must be a time such as 2026-01-31T12:00:00Z'],
    ['/v1/deliveries?cursor=', 'cursor', 'must have at least 1 character'],
    ['/v1/deliveries?cursor=a&cursor=b', 'cursor', 'must be a string'],
    ['/v1/endpoints/ep_1?limit=1', 'limit', 'is not known here'],
    ['/v1/events?subject=%00', 'subject', 'must not contain NUL'],
    ['/v1/events?type=a%00b', 'type', 'must not contain NUL'],
    ['/v1/deliveries?endpoint=%00', 'endpoint', 'must not contain NUL'],
    ['/v1/dead-letters?event=%00', 'event', 'must not contain NUL'],
  ])('%s is refused for its parameter', async (path, field, message) => {
    expect(await refused('GET', path)).toMatchObject({
      status: 400,
      body: { reason: 'INVALID_FIELD', fields: [{ path: field, message }] },
    });
  });

  test('nested as deep as it is long is refused, not a bug', async () => {
    const json = `{"url":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(await refused('POST', '/v1/endpoints', { json })).toMatchObject({ body: { fields: [{ path: 'url' }] } });
  });

  test.each([
    ['not JSON', { json: '{"url":' }],
    ['not an object', { json: '["url"]' }],
    ['empty', { json: '' }],
    ['another content type', { json: 'url=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['plain text', { json: '{}', headers: { 'content-type': 'text/plain' } }],
  ])('with a body that is %s cannot be read', async (_name, options) => {
    expect(await refused('POST', '/v1/endpoints', options)).toMatchObject({
      status: 400,
      body: { reason: 'MALFORMED_REQUEST' },
    });
  });

  test('with bytes that are not UTF-8 cannot be read', async () => {
    const response = await fetch(`${gateway.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: 'Bearer key-1', 'content-type': 'application/json' },
      body: Buffer.concat([Buffer.from('{"type":"a","data":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    });
    expect(await response.json()).toMatchObject({ reason: 'MALFORMED_REQUEST', status: 400 });
  });

  test('that needs no body refuses members, and takes an empty one', async () => {
    const path = '/v1/endpoints/ep_1/enable';
    expect(await refused('POST', path, { json: '{"now":true}' })).toMatchObject({
      body: { fields: [{ path: 'now', message: 'is not known here' }] },
    });
    expect(await gateway.call('POST', path, { json: '' })).toMatchObject({ status: 200 });
    expect(await gateway.call('POST', path, { json: '{}' })).toMatchObject({ status: 200 });
  });

  test('over 256 KiB is too large where it is no event', async () => {
    const json = `{"url":"${'x'.repeat(256 * 1024)}"}`;
    const detail = 'The body is over the limit of 262144 bytes.';
    expect(await refused('POST', '/v1/endpoints', { json })).toMatchObject({
      status: 413,
      body: { reason: 'PAYLOAD_TOO_LARGE', detail },
    });
  });

  test.each(['/v2/endpoints', '/v1/endpoints/ep_1/colour', '/'])('for %s finds no route', async (path) => {
    expect(await refused('GET', path)).toMatchObject({ status: 404, body: { reason: 'ROUTE_NOT_FOUND' } });
  });

  test('with another method finds no route', async () => {
    expect(await refused('PUT', '/v1/endpoints/ep_1')).toMatchObject({ body: { reason: 'ROUTE_NOT_FOUND' } });
  });

  test('with a URL that cannot be read is refused with all headers', async () => {
    const answer = await gateway.call('GET', '/v1/endpoints/%zz');
    expect(answer).toMatchObject({ status: 400, body: { reason: 'MALFORMED_REQUEST' } });
    expect(answer.headers.get('x-ratelimit-limit')).toBe('6000');
  });

  test.each([{}, { authorization: '' }, { authorization: 'Basic abc' }, { authorization: 'Bearer' }])(
    'with the headers %j has no key',
    async (headers) => {
      const response = await fetch(`${gateway.url}/v1/endpoints`, { headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({ reason: 'MISSING_KEY' });
    },
  );

  test('passes the tenant on that an admin names', async () => {
    await gateway.call('GET', '/v1/endpoints', { headers: { 'x-bellwire-tenant': 'ten_7' } });
    expect(gateway.calls).toMatchObject([{ bearer: 'key-1', tenant: 'ten_7' }]);
    gateway.calls.length = 0;
    expect(await refused('GET', '/v1/endpoints', { headers: { 'x-bellwire-tenant': 'é' } })).toMatchObject({
      body: { reason: 'UNKNOWN_TENANT' },
    });
  });

  test('keeps its id', async () => {
    const given = await gateway.call('GET', '/nowhere', { headers: { 'x-request-id': 'abc-1.2~3_4' } });
    expect(given.headers.get('x-request-id')).toBe('abc-1.2~3_4');
    expect(given.body).toMatchObject({ instance: 'abc-1.2~3_4' });
    const strange = await gateway.call('GET', '/nowhere', { headers: { 'x-request-id': 'a b' } });
    expect(strange.headers.get('x-request-id')).toMatch(/^req_[\w-]{22}$/);
  });

  test('that is not HTTP is answered with a problem', async () => {
    const { port } = new URL(gateway.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.end('NONSENSE\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*MALFORMED_REQUEST/);
  });
});

describe('a fault of a service', () => {
  test('that an endpoint is not there comes before its statistics are asked', async () => {
    gateway.before.set('GetEndpoint', () => {
      throw new Fault('NOT_FOUND', 'There is no endpoint ep_9.');
    });
    const answer = await gateway.call('GET', '/v1/endpoints/ep_9/stats');
    expect(answer).toMatchObject({ status: 404, body: { reason: 'NOT_FOUND' } });
    expect(gateway.calls.map(({ method }) => method)).not.toContain('GetStats');
  });

  test('comes out with its fields and with Retry-After', async () => {
    const fields = [{ path: 'event_types[2]', message: 'is wrong' }];
    gateway.before.set('CreateEndpoint', () => {
      throw new Fault('LOG_UNAVAILABLE', 'The log cannot be reached.', { fields, retryAfterMs: 1200 });
    });
    const answer = await gateway.call('POST', '/v1/endpoints', { json: '{"url":"https://example.org"}' });
    expect(answer).toMatchObject({ status: 503, body: { reason: 'LOG_UNAVAILABLE', fields } });
    expect(answer.headers.get('retry-after')).toBe('2');
  });

  test.each([
    ['NOT_YET_RECORDED', 404],
    ['IDEMPOTENCY_KEY_REUSED', 409],
    ['DEADLINE_PASSED', 504],
    ['MISSING_SCOPE', 403],
  ] as const)('%s is answered with %d', async (reason, status) => {
    gateway.before.set('GetEvent', () => {
      throw new Fault(reason, 'A sentence.');
    });
    const answer = await gateway.call('GET', '/v1/events/evt_1');
    expect(answer).toMatchObject({ status, body: { reason, detail: 'A sentence.' } });
  });

  test('that is a bug keeps its detail', async () => {
    gateway.before.set('GetEvent', () => {
      throw new TypeError('secret detail');
    });
    const answer = await gateway.call('GET', '/v1/events/evt_1');
    expect(answer).toMatchObject({ status: 500, body: { reason: 'INTERNAL' } });
    expect(answer.text).not.toContain('secret');
  });

  test('of one redelivery leaves the others alone', async () => {
    gateway.before.set('Redeliver', (request) => {
      if (JSON.stringify(request).includes('d-2')) throw new Fault('NOT_FOUND', 'There is no such delivery.');
    });
    const answer = await gateway.call('POST', '/v1/dead-letters/redeliver', { json: '{"ids":["d-1","d-2","d-1"]}' });
    expect(answer).toMatchObject({
      status: 202,
      body: {
        data: [
          { id: 'd-1', round: 2 },
          { id: 'd-2', error: { reason: 'NOT_FOUND', status: 404 } },
        ],
      },
    });
  });

  test('that is about the key refuses all redeliveries', async () => {
    gateway.before.set('Redeliver', () => {
      throw new Fault('MISSING_SCOPE', 'The API key lacks the scope deliveries:redeliver.');
    });
    const answer = await gateway.call('POST', '/v1/dead-letters/redeliver', { json: '{"ids":["d-1"]}' });
    expect(answer).toMatchObject({ status: 403, body: { reason: 'MISSING_SCOPE' } });
  });

  test.each([
    [0, 'must have at least 1 entry'],
    [101, 'must have at most 100 entries'],
  ])('is not needed to refuse %d redeliveries', async (length, message) => {
    const json = JSON.stringify({ ids: Array.from({ length }, (_, index) => `d-${index}`) });
    const answer = await gateway.call('POST', '/v1/dead-letters/redeliver', { json });
    expect(answer).toMatchObject({ status: 400, body: { fields: [{ path: 'ids', message }] } });
    expect(gateway.calls).toEqual([]);
  });
});

test('a service that cannot be reached is 503', async () => {
  const nobody = openChannel('127.0.0.1:1');
  const alone = await openGateway({
    services: { registry: nobody, ingestion: nobody, dispatcher: nobody, audit: nobody },
  });
  const answer = await alone.call('GET', '/v1/endpoints');
  expect(answer).toMatchObject({ status: 503, body: { reason: 'SERVICE_UNAVAILABLE' } });
  expect(answer.headers.get('retry-after')).toBe('1');
  nobody.close();
  await alone.close();
});

test('an endpoint that is created disabled is never enabled', async () => {
  const json = '{"url":"https://example.org","enabled":false}';
  const answer = await gateway.call('POST', '/v1/endpoints', { json });
  expect(answer).toMatchObject({ status: 201, body: { enabled: false, secret: 'whsec_1' } });
  expect(gateway.calls).toMatchObject([{ method: 'CreateEndpoint', request: { disabled: true } }]);
});

describe('readiness', () => {
  test('is told with reasons, without a key and without a limit', async () => {
    const state = { ready: true, reasons: new Array<string>() };
    const probed = await openGateway({ isReady: async () => state, requestsPerMinute: 1 });
    for (const path of ['/healthz', '/readyz', '/readyz']) {
      const response = await fetch(probed.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.has('x-ratelimit-limit')).toBe(false);
      await response.text();
    }
    Object.assign(state, { ready: false, reasons: ['The log cannot be reached.'] });
    const response = await fetch(`${probed.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual(state);
    await probed.close();
  });

  test('that cannot be told is none', async () => {
    const probed = await openGateway({ isReady: () => Promise.reject(new Error('no')) });
    expect(await probed.call('GET', '/readyz')).toMatchObject({ status: 503, body: { ready: false } });
    await probed.close();
  });
});

describe('the rate limit', () => {
  const remaining = ({ headers }: { headers: Headers }) => headers.get('x-ratelimit-remaining');

  test('counts the calls of each key, and leaves publishing alone', async () => {
    const clock = { now: () => 1_000_000_000_500 };
    const limited = await openGateway({ requestsPerMinute: 2, clock });
    const event = { json: '{"type":"a","data":1}' };
    const first = await limited.call('POST', '/v1/events', event);
    expect(first.headers.get('x-ratelimit-limit')).toBe('2');
    expect(remaining(first)).toBe('2');
    expect(first.headers.get('x-ratelimit-reset')).toBe('1000000061');

    expect(remaining(await limited.call('GET', '/v1/endpoints'))).toBe('1');
    expect(remaining(await limited.call('GET', '/nowhere'))).toBe('0');
    const refused = await limited.call('GET', '/v1/endpoints');
    expect(refused).toMatchObject({ status: 429, body: { reason: 'RATE_LIMITED' } });
    expect(remaining(refused)).toBe('0');
    const retryAfter = Number(refused.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(50);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(limited.calls).toHaveLength(2);

    const published = await limited.call('POST', '/v1/events', event);
    expect(published).toMatchObject({ status: 202 });
    expect(remaining(published)).toBe('0');
    const other = await limited.call('GET', '/v1/endpoints', { headers: { authorization: 'Bearer key-2' } });
    expect(other).toMatchObject({ status: 200 });
    await limited.close();
  });
});

describe('the stop', () => {
  test('answers what is under way, takes nothing new, and closes idle connections', async () => {
    const stopping = await openGateway();
    const { port } = new URL(stopping.url);
    const agent = new Agent({ keepAlive: true });
    const get = (path: string) =>
      new Promise<{ status: number | undefined; connection: string | undefined }>((resolve, reject) => {
        const headers = { authorization: 'Bearer key-1' };
        const sent = httpRequest({ host: '127.0.0.1', port, path, agent, headers }, (response) => {
          response.resume();
          const { statusCode: status, headers: answered } = response;
          response.on('end', () => resolve({ status, connection: answered.connection }));
        });
        sent.on('error', reject);
        sent.end();
      });
    expect(await get('/healthz')).toEqual({ status: 200, connection: 'keep-alive' });

    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      stopping.before.set('ListEndpoints', () => {
        resolve();
        return held;
      });
    });
    // As browsers open ahead of need.
    const silent = connect(Number(port), '127.0.0.1');
    const idle = get('/healthz');
    const underWay = get('/v1/endpoints');
    await Promise.all([idle, reached]);
    const closed = stopping.close();
    await expect(fetch(`${stopping.url}/healthz`)).rejects.toThrow();
    release();
    expect(await underWay).toEqual({ status: 200, connection: 'close' });
    await closed;
    silent.destroy();
    agent.destroy();
  });
});
