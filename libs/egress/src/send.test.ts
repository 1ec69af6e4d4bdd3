import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { AttemptOutcome } from '@bellwire/domain';
import { openSender, type Sender, type SenderOptions, type SendRequest } from './send.ts';
import { authority, certificate, expiredCertificate, key } from './test-certificates.ts';
import { serveHttp, serveHttps, serveTcp, until, type TestServer } from './test-servers.ts';

const loopback = { allowHttp: true, allowCidrs: ['127.0.0.0/8'] };
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});
const own = async <T extends { close(): Promise<void> }>(one: T | Promise<T>): Promise<T> => {
  const opened = await one;
  open.push(opened);
  return opened;
};
const sender = (options: Partial<SenderOptions> = {}): Promise<Sender> =>
  own(openSender({ policy: loopback, ...options }));
const to = (url: string, more: Partial<SendRequest> = {}): SendRequest => ({
  url,
  method: 'POST',
  headers: { 'content-type': 'application/json', 'webhook-id': 'evt_1' },
  body: new TextEncoder().encode('{"a":1}'),
  timeoutMs: 5000,
  ...more,
});
const at = (server: TestServer, path = '/'): string => `http://127.0.0.1:${server.port}${path}`;
const brief = ({ outcome, error, response }: AttemptOutcome) => [outcome, error ?? response?.status];

describe('send, answers', () => {
  test('delivers the bytes, the headers and accept-encoding: identity, and reports the answer', async () => {
    let seen: unknown;
    const server = await own(
      serveHttp((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const { headers, method, url } = request;
          seen = [method, url, headers['webhook-id'], headers['accept-encoding'], Buffer.concat(chunks).toString()];
          response.setHeader('X-Two', ['a', 'b']);
          response.writeHead(202).end('thanks\u0000');
        });
      }),
    );
    const outcome = await (await sender()).send(to(at(server, '/hook?x=%20y')));
    expect(seen).toEqual(['POST', '/hook?x=%20y', 'evt_1', 'identity', '{"a":1}']);
    expect(outcome).toMatchObject({ outcome: 'delivered', response: { status: 202, body: 'thanks␀' } });
    expect(outcome.response?.headers['x-two']).toBe('a, b');
    expect(Object.keys(outcome.timings).toSorted()).toEqual(['connect', 'first_byte', 'total']);
    expect(outcome.durationMs).toBe(outcome.timings['total']);
  });

  test('reads Retry-After of an answer that is no 2xx', async () => {
    const server = await own(
      serveHttp((request, response) => {
        const headers = { 'retry-after': request.url === '/bad' ? 'soon' : '7' };
        response.writeHead(Number(request.headers['x-status']), headers).end();
      }),
    );
    const { send } = await sender();
    const ask = (status: string, path?: string) => send(to(at(server, path), { headers: { 'x-status': status } }));
    expect(await ask('429')).toMatchObject({ outcome: 'rejected', response: { status: 429 }, retryAfterMs: 7000 });
    expect(await ask('410')).toMatchObject({ outcome: 'rejected', response: { status: 410 }, retryAfterMs: 7000 });
    expect(await ask('503', '/bad')).not.toHaveProperty('retryAfterMs');
    expect(await ask('200')).not.toHaveProperty('retryAfterMs');
  });

  test('passes over 103 and takes the answer after it', async () => {
    const server = await own(
      serveTcp((socket) => {
        socket.once('data', () =>
          socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 201 OK\r\ncontent-length: 0\r\n\r\n'),
        );
      }),
    );
    const outcome = await (await sender()).send(to(at(server)));
    expect([outcome.response?.status, outcome.response?.headers]).toEqual([201, { 'content-length': '0' }]);
  });

  test('never follows a redirect', async () => {
    const canary = await own(serveHttp((_, response) => response.end()));
    for (const location of [at(canary), `//127.0.0.1:${canary.port}/`, '/again', `\\\\127.0.0.1:${canary.port}`]) {
      const server = await own(
        serveHttp((_, response) =>
          response.writeHead(307, { location, 'alt-svc': `h2="127.0.0.1:${canary.port}"` }).end(),
        ),
      );
      const outcome = await (await sender()).send(to(at(server)));
      expect(brief(outcome)).toEqual(['rejected', 307]);
      expect(outcome.response?.headers['location']).toBe(location);
      expect(server.requests()).toBe(1);
    }
    expect(canary.connections()).toBe(0);
  });

  test('keeps 16 KiB of a body, reads 64 KiB, then drops the socket', async () => {
    let pieces = 0;
    const body = function* (count: number) {
      for (; pieces < count; pieces++) yield Buffer.alloc(10_000, 'x');
    };
    const server = await own(
      serveHttp((request, response) => {
        pieces = 0;
        Readable.from(body(Number(request.url?.slice(1)))).pipe(response);
      }),
    );
    const mine = await sender();
    const middling = await mine.send(to(at(server, '/6')));
    expect(middling.response?.body).toBe(`${'x'.repeat(16_384)}\n… (cut after 16384 bytes)`);
    expect([pieces, server.openConnections()]).toEqual([6, 1]);
    const huge = await mine.send(to(at(server, '/10000')));
    expect(huge.outcome).toBe('delivered');
    expect(huge.response?.body).toHaveLength(16_384 + '\n… (cut after 16384 bytes)'.length);
    await until(() => server.openConnections() === 0);
    expect(server.connections()).toBe(1);
    // What went beyond 64 KiB filled the buffers of the system.
    expect(pieces).toBeLessThan(1000);
  });

  test('stores nothing of an encoded body', async () => {
    const server = await own(
      serveHttp((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('bomb')),
    );
    expect((await (await sender()).send(to(at(server)))).response).toMatchObject({ status: 200, body: '' });
  });
});

describe('send, connections', () => {
  test('uses a connection again and reports a connect time for the first request only', async () => {
    const server = await own(serveHttp((_, response) => response.end('ok')));
    const { send } = await sender();
    const outcomes: AttemptOutcome[] = [];
    for (let i = 0; i < 5; i++) outcomes.push(await send(to(at(server))));
    expect(server.connections()).toBe(1);
    expect(outcomes.map(({ timings }) => timings['connect'] !== undefined)).toEqual([true, false, false, false, false]);
  });

  test('sends no more at a time than there are connections', async () => {
    let now = 0;
    let most = 0;
    const server = await own(
      serveHttp((_, response) => {
        most = Math.max(most, ++now);
        setTimeout(() => {
          now--;
          response.end();
        }, 5);
      }),
    );
    const { send } = await sender({ connectionsPerOrigin: 3 });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => send(to(at(server)))));
    expect(outcomes.every(({ outcome }) => outcome === 'delivered')).toBe(true);
    expect([most, server.connections()]).toEqual([3, 3]);
  });

  test('does not repeat a request whose connection dies before the answer', async () => {
    let requests = 0;
    const server = await own(
      serveTcp((socket) => {
        socket.on('data', () => {
          requests++;
          if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
          else socket.destroy();
        });
      }),
    );
    const { send } = await sender();
    expect((await send(to(at(server)))).outcome).toBe('delivered');
    expect(brief(await send(to(at(server))))).toEqual([
      'unreachable',
      'connection closed before the answer was complete (UND_ERR_SOCKET)',
    ]);
    expect(requests).toBe(2);
  });

  test('opens a new connection where the receiver has closed the idle one', async () => {
    const server = await own(
      serveTcp((socket) => {
        socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
      }),
    );
    const { send } = await sender();
    for (let i = 0; i < 3; i++) {
      expect((await send(to(at(server)))).outcome).toBe('delivered');
      await until(() => server.openConnections() === 0);
    }
  });

  test('waits for what is under way when it closes, then refuses', async () => {
    const server = await own(
      serveHttp((_, response) => {
        setTimeout(() => response.end(), 50);
      }),
    );
    const mine = openSender({ policy: loopback, connectionsPerOrigin: 1 });
    const outcomes = Promise.all([mine.send(to(at(server))), mine.send(to(at(server)))]);
    await mine.close();
    expect((await outcomes).map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
    await expect(mine.send(to(at(server)))).rejects.toMatchObject({ reason: 'STOPPING' });
    await until(() => server.openConnections() === 0);
  });

  test('takes no proxy from the environment', async () => {
    const canary = await own(serveHttp((_, response) => response.end()));
    const server = await own(serveHttp((_, response) => response.end()));
    const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : at(canary);
    try {
      expect((await (await sender()).send(to(at(server)))).outcome).toBe('delivered');
    } finally {
      for (const name of names) delete process.env[name];
    }
    expect(canary.connections()).toBe(0);
  });

  test('lets no header value through that would write a header of its own', async () => {
    const server = await own(serveHttp((_, response) => response.end()));
    const { send } = await sender();
    const bad: Record<string, string>[] = [
      { 'x-a': 'b\r\nx-evil: 1' },
      { 'x-a\r\nx-evil': '1' },
      { 'x-a': 'b\u0000' },
      { 'x-a': 'b\n c' },
      { Host: 'internal.example' },
      { 'Transfer-Encoding': 'chunked' },
      { 'content-length': '3' },
    ];
    for (const headers of bad) {
      const outcome = await send(to(at(server), { headers }));
      expect([headers, outcome.outcome, outcome.error?.endsWith('(header)')]).toEqual([headers, 'blocked', true]);
    }
    expect(server.requests()).toBe(0);
    expect((await send(to(at(server)))).outcome).toBe('delivered');
  });
});

describe('send, TLS', () => {
  const answer = (tls: { key: string; cert: string }) => own(serveHttps(tls, (_, response) => response.end()));
  const secure = (server: TestServer): string => `https://127.0.0.1:${server.port}/`;

  test('delivers where the certificate is good, by name and by address', async () => {
    const server = await answer({ key, cert: certificate });
    const { send } = await sender({ ca: [authority], resolver: async () => ['127.0.0.1'] });
    expect((await send(to(secure(server)))).outcome).toBe('delivered');
    expect((await send(to(`https://receiver.test:${server.port}/`))).outcome).toBe('delivered');
    expect(brief(await send(to(`https://other.test:${server.port}/`)))).toEqual([
      'unreachable',
      'certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)',
    ]);
    expect(server.requests()).toBe(2);
  });

  test('names what is wrong with a certificate', async () => {
    const server = await answer({ key, cert: certificate });
    const expired = await answer({ key, cert: expiredCertificate });
    expect(brief(await (await sender()).send(to(secure(server))))).toEqual([
      'unreachable',
      'certificate chain is incomplete (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
    ]);
    expect(brief(await (await sender({ ca: [authority] })).send(to(secure(expired))))).toEqual([
      'unreachable',
      'certificate has expired (CERT_HAS_EXPIRED)',
    ]);
    expect(server.requests() + expired.requests()).toBe(0);
  });

  test('says so where the other side speaks no TLS', async () => {
    const server = await own(serveTcp((socket) => socket.end('220 smtp\r\n')));
    const [outcome, error] = brief(await (await sender()).send(to(secure(server))));
    expect([outcome, error]).toEqual(['unreachable', expect.stringMatching(/^TLS handshake failed \(/)]);
  });
});
