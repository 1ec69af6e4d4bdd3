import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { openLogger } from '@bellwire/lifecycle';
import { makeBytesInFlight } from './bytes-in-flight.ts';
import { openGateway, type TestGateway } from './testing/open-gateway.ts';

const overloaded = expect.objectContaining({ reason: 'OVERLOADED', retryAfterMs: 1000 });

describe('bytes in flight', () => {
  test('are reserved up to the limit, and free again once given back', () => {
    const inFlight = makeBytesInFlight(100);
    const giveBack = inFlight.reserve(60);
    inFlight.reserve(40);
    expect(() => inFlight.reserve(1)).toThrow(overloaded);
    expect(inFlight.held()).toBe(100);
    giveBack();
    inFlight.reserve(60);
    expect(inFlight.held()).toBe(100);
  });

  test('admit one that is larger than the limit, alone', () => {
    const inFlight = makeBytesInFlight(100);
    const giveBack = inFlight.reserve(500);
    expect(() => inFlight.reserve(1)).toThrow(overloaded);
    giveBack();
    expect(inFlight.held()).toBe(0);
  });
});

const kib = 1024;
const limit = 400 * kib;
/** What a body may be on POST /v1/events: the data and 64 KiB around it. */
const publishLimit = (256 + 64) * kib;
const small = '{"type":"a","data":1}';
const large = `{"type":"a","data":"${'x'.repeat(250 * kib)}"}`;

const until = async (isTrue: () => boolean): Promise<void> => {
  const end = performance.now() + 5000;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error('did not happen within 5 s');
    await delay(5);
  }
};

describe('a gateway with room for one large body', () => {
  const inFlight = makeBytesInFlight(limit);
  const sockets: Socket[] = [];
  /** Of each request whose response is closed. */
  const endedWith: number[] = [];
  let gateway: TestGateway;

  beforeAll(async () => {
    const debug = ({ status }: { status: number }) => void endedWith.push(status);
    const log = Object.assign(openLogger({ level: 'silent' }), { debug });
    gateway = await openGateway({ bytesInFlight: inFlight, log });
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await until(() => inFlight.held() === 0);
    gateway.calls.length = 0;
    gateway.before.clear();
    endedWith.length = 0;
  });
  afterAll(() => gateway.close());

  /** The head of a publish call and no body; `text()` is what was answered. */
  const begin = (...headers: string[]) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    sockets.push(socket);
    let answered = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answered += text));
    const common = ['Host: x', 'Authorization: Bearer key-1', 'Content-Type: application/json'];
    socket.write(`${['POST /v1/events HTTP/1.1', ...common, ...headers].join('\r\n')}\r\n\r\n`);
    return { socket, text: () => answered };
  };

  const publish = (json: string) => gateway.call('POST', '/v1/events', { json });

  /** Ingestion answers nothing until the answer is called. */
  const holdIngestion = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gateway.before.set('Publish', () => promise);
    return resolve;
  };

  test('answers 429 OVERLOADED beyond it, the probes and reads as ever, and publishes again afterwards', async () => {
    const release = holdIngestion();
    const first = publish(large);
    await until(() => gateway.calls.length === 1);

    const refused = await publish(large);
    expect(refused).toMatchObject({ status: 429, body: { reason: 'OVERLOADED' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('connection')).toBe('close');
    expect(await gateway.call('POST', '/api/endpoints', { json: large })).toMatchObject({ status: 429 });
    for (const path of ['/healthz', '/readyz', '/v1/endpoints']) {
      expect(await gateway.call('GET', path)).toMatchObject({ status: 200 });
    }

    release();
    expect(await first).toMatchObject({ status: 202 });
    await until(() => inFlight.held() === 0);
    expect(await publish(large)).toMatchObject({ status: 202 });
    expect(gateway.calls.filter(({ method }) => method === 'Publish')).toHaveLength(2);
  });

  test('refuses by the head alone, and closes the connection', async () => {
    begin(`Content-Length: ${publishLimit}`);
    await until(() => inFlight.held() === publishLimit);
    const refused = begin(`Content-Length: ${publishLimit}`);
    await once(refused.socket, 'close');
    expect(refused.text()).toMatch(/^HTTP\/1\.1 429 /);
    expect(refused.text()).toMatch(/retry-after: 1\r\n/i);
  });

  test('holds what the route allows for a body that does not tell its length', async () => {
    begin('Transfer-Encoding: chunked');
    await until(() => inFlight.held() === publishLimit);
  });

  test('holds no more than the route allows for a body that is said to be larger, and refuses that for its size', async () => {
    const { text } = begin('Content-Length: 1000000000');
    await until(() => text().includes('PAYLOAD_TOO_LARGE'));
    await until(() => inFlight.held() === 0);
  });

  test('counts a small body as 16 KiB, so that their number is bounded', async () => {
    const release = holdIngestion();
    const calls = Array.from({ length: 25 }, () => publish(small));
    await until(() => gateway.calls.length === 25);
    expect(inFlight.held()).toBe(limit);
    expect(await publish(small)).toMatchObject({ status: 429 });
    release();
    for (const call of calls) expect(await call).toMatchObject({ status: 202 });
    await until(() => inFlight.held() === 0);
  });

  test('has the room again when a caller leaves before its body has arrived', async () => {
    const { socket } = begin(`Content-Length: ${publishLimit}`);
    await until(() => inFlight.held() === publishLimit);
    socket.destroy();
    await until(() => inFlight.held() === 0);
  });

  test('holds the body of a caller who left until its service has answered', async () => {
    const release = holdIngestion();
    const { socket } = begin(`Content-Length: ${large.length}`);
    socket.write(large);
    await until(() => gateway.calls.length === 1);
    socket.destroy();
    await until(() => endedWith.includes(499));
    expect(await publish(large)).toMatchObject({ status: 429 });
    release();
    await until(() => inFlight.held() === 0);
  });

  test.each([
    ['without a key', '/v1/events', { authorization: '' }, 401],
    ['to no route', '/nowhere', {}, 404],
    ['that is not JSON', '/v1/events', { 'content-type': 'text/plain' }, 400],
  ])('gives back what a request %s held', async (_name, path, headers, status) => {
    expect(await gateway.call('POST', path, { json: small, headers })).toMatchObject({ status });
    await until(() => inFlight.held() === 0);
  });
});
