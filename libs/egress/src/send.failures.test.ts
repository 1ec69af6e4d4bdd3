import { afterEach, describe, expect, test } from '@jest/globals';
import type { AttemptOutcome } from '@bellwire/domain';
import { openConnector } from './connector.ts';
import { openSender, type Sender, type SenderOptions, type SendRequest } from './send.ts';
import { serveHttp, serveTcp, until, type TestServer } from './test-servers.ts';

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
const to = (url: string, timeoutMs = 5000): SendRequest => ({
  url,
  method: 'POST',
  headers: {},
  body: Buffer.from('{}'),
  timeoutMs,
});
const at = (server: TestServer, host = '127.0.0.1'): string => `http://${host}:${server.port}/`;
const brief = ({ outcome, error, response }: AttemptOutcome) => [outcome, error ?? response?.status];

describe('send, deadline', () => {
  const expectTimedOut = (outcome: AttemptOutcome, phase: string) => {
    expect(brief(outcome)).toEqual(['timed_out', `${phase} within 150 ms`]);
    expect(outcome.durationMs).toBeGreaterThanOrEqual(149);
    expect(outcome.durationMs).toBeLessThan(1000);
  };

  test('ends a request that is accepted and never answered, and frees the socket', async () => {
    const server = await own(serveTcp(() => undefined));
    expectTimedOut(await (await sender()).send(to(at(server), 150)), 'no answer');
    await until(() => server.openConnections() === 0);
  });

  test('ends an answer that stops after the headers', async () => {
    const server = await own(serveHttp((_, response) => response.writeHead(200).flushHeaders()));
    expectTimedOut(await (await sender()).send(to(at(server), 150)), 'no complete answer');
    await until(() => server.openConnections() === 0);
  });

  test('ends an answer that drips', async () => {
    const server = await own(
      serveTcp((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const drip = setInterval(() => socket.write('x'), 20);
        socket.once('close', () => clearInterval(drip));
      }),
    );
    expectTimedOut(await (await sender()).send(to(at(server), 150)), 'no complete answer');
    await until(() => server.openConnections() === 0);
  });

  test('ends a TLS handshake that hangs, and gives the connection up', async () => {
    const server = await own(serveTcp(() => undefined));
    expectTimedOut(await (await sender()).send(to(at(server).replace('http:', 'https:'), 150)), 'no connection');
    await until(() => server.openConnections() === 0);
  });

  test('opens no connection for requests that timed out while they waited for one', async () => {
    const server = await own(serveTcp(() => undefined));
    const mine = await sender({ connectionsPerOrigin: 2 });
    const url = at(server).replace('http:', 'https:');
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => mine.send(to(url, 150))));
    for (const outcome of outcomes) expectTimedOut(outcome, 'no connection');
    await until(() => server.openConnections() === 0);
    await mine.close();
    expect(server.connections()).toBe(2);
  });

  test('ends a lookup that hangs, at the deadline or after 2 s', async () => {
    const { send } = await sender({ resolver: () => new Promise<never>(() => undefined) });
    expectTimedOut(await send(to('http://slow.test/', 150)), 'no connection');
    const outcome = await send(to('http://slow.test/', 5000));
    expect(brief(outcome)).toEqual(['unreachable', 'name lookup took too long (DNS_TIMEOUT)']);
    expect(outcome.durationMs).toBeLessThan(3500);
  });

  test('takes only the request that waited too long, not the connection it waited for', async () => {
    const server = await own(
      serveHttp((_, response) => {
        setTimeout(() => response.end(), 300);
      }),
    );
    const { send } = await sender({ connectionsPerOrigin: 1 });
    const first = send(to(at(server)));
    const second = send(to(at(server), 150));
    const third = send(to(at(server)));
    expectTimedOut(await second, 'no connection');
    expect([(await first).outcome, (await third).outcome]).toEqual(['delivered', 'delivered']);
    expect([server.connections(), server.requests()]).toEqual([1, 2]);
  });
});

describe('send, failures', () => {
  test('tells a refused connection, a reset and half an answer apart', async () => {
    const gone = await own(serveTcp(() => undefined));
    await gone.close();
    const { send } = await sender();
    expect(brief(await send(to(at(gone))))).toEqual(['unreachable', 'connection refused (ECONNREFUSED)']);
    const reset = await own(
      serveTcp((socket) => {
        socket.once('data', () => socket.resetAndDestroy());
      }),
    );
    expect(brief(await send(to(at(reset))))).toEqual(['unreachable', 'connection reset (ECONNRESET)']);
    const half = await own(
      serveTcp((socket) => {
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'));
      }),
    );
    expect(brief(await send(to(at(half))))).toEqual([
      'unreachable',
      expect.stringMatching(/^connection closed before the answer was complete \(/),
    ]);
  });

  test.each([
    ['SSH-2.0-OpenSSH\r\n', /^the answer is not HTTP \(HTTP_PARSER\)$/],
    [`HTTP/1.1 200 OK\r\n${'x-a: 12345678\r\n'.repeat(2000)}\r\n`, /^the headers of the answer are over 16 KiB/],
    ['HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n', /^connection closed/],
    ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', /^connection closed/],
  ])('makes an outcome of nonsense: %j', async (answer, error) => {
    const server = await own(
      serveTcp((socket) => {
        socket.once('data', () => socket.write(answer));
      }),
    );
    expect(brief(await (await sender()).send(to(at(server))))).toEqual(['unreachable', expect.stringMatching(error)]);
  });

  test('makes an outcome of a failing lookup', async () => {
    const fail = (code: string) => sender({ resolver: () => Promise.reject(Object.assign(new Error(code), { code })) });
    expect(brief(await (await fail('ENOTFOUND')).send(to('http://a.test/')))).toEqual([
      'unreachable',
      'name not found (ENOTFOUND)',
    ]);
    expect(brief(await (await fail('ESERVFAIL')).send(to('http://a.test/')))).toEqual([
      'unreachable',
      'name lookup failed (DNS_ESERVFAIL)',
    ]);
    const none = await sender({ resolver: async () => [] });
    expect(brief(await none.send(to('http://a.test/')))).toEqual(['unreachable', 'the name has no address (ENODATA)']);
  });
});

describe('send, addresses', () => {
  const only2 = { allowHttp: true, allowCidrs: ['127.0.0.2/32'] };

  test('refuses a literal before anything is opened', async () => {
    const canary = await own(serveHttp((_, response) => response.end()));
    const { send } = await sender({ policy: only2 });
    for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '[::1]', 'localhost.']) {
      expect((await send(to(at(canary, host)))).outcome).toBe('blocked');
    }
    expect(canary.connections()).toBe(0);
  });

  test('refuses a name that moves to a private address, and every set with one in it', async () => {
    const server = await own(
      serveHttp((_, response) => response.writeHead(200, { connection: 'close' }).end(), '127.0.0.2'),
    );
    const canary = await own(serveHttp((_, response) => response.end(), '127.0.0.1', server.port));
    let answer: readonly string[] = ['127.0.0.2'];
    const { send } = await sender({ policy: only2, resolver: async () => answer });
    expect((await send(to(at(server, 'rbnd.test')))).outcome).toBe('delivered');
    await until(() => server.openConnections() === 0);
    for (const moved of [
      ['127.0.0.1'],
      ['127.0.0.2', '127.0.0.1'],
      ['::1'],
      ['::ffff:127.0.0.1'],
      ['64:ff9b::a00:1'],
      ['fd12::1'],
      ['127.0.0.2', '169.254.169.254'],
      [...Array.from({ length: 10_000 }, () => '127.0.0.2'), '10.0.0.1'],
    ]) {
      answer = moved;
      const outcome = await send(to(at(server, 'rbnd.test')));
      expect(brief(outcome)).toEqual([
        'blocked',
        expect.stringMatching(/^the name leads to an address that is not allowed \(/),
      ]);
    }
    expect([server.requests(), canary.connections()]).toEqual([1, 0]);
  });

  test('keeps addresses out of the text, all but the rule', async () => {
    const closed = await own(serveTcp(() => undefined));
    await closed.close();
    const reachable = await sender({ resolver: async () => ['127.0.0.77'] });
    expect((await reachable.send(to(at(closed, 'a.test')))).error).not.toContain('127.0.0.77');
    const denied = await sender({ policy: only2, resolver: async () => ['10.20.30.40'] });
    expect((await denied.send(to('http://a.test/'))).error).toBe(
      'the name leads to an address that is not allowed (10.0.0.0/8)',
    );
  });

  test('asks for a name once, however many connections are opened at the time', async () => {
    const server = await own(serveHttp((_, response) => response.end()));
    let asked = 0;
    const resolver = async () => {
      asked++;
      return ['127.0.0.1'];
    };
    const { send } = await sender({ resolver });
    await Promise.all(Array.from({ length: 10 }, () => send(to(at(server, 'a.test')))));
    expect([asked, server.requests()]).toEqual([1, 10]);
  });

  test('reaches localhost without DNS where loopback is listed', async () => {
    const server = await own(serveHttp((_, response) => response.end()));
    const { send } = await sender({ resolver: () => Promise.reject(new Error('asked')) });
    expect((await send(to(at(server, 'localhost')))).outcome).toBe('delivered');
  });

  test('looks at the address of the socket again, should a lookup have lied', async () => {
    const received: Buffer[] = [];
    const canary = await own(serveTcp((socket) => socket.on('data', (chunk) => received.push(chunk))));
    const connector = openConnector({
      lookup: (_name, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
      allowCidrs: [],
      connectTimeoutMs: 1000,
    });
    connector.waits(`https://a.test:${canary.port}`);
    const error = await new Promise<unknown>((resolve) => {
      connector.connect(
        { protocol: 'https:', hostname: 'a.test', host: `a.test:${canary.port}`, port: String(canary.port) },
        (...result) => resolve(result[0]),
      );
    });
    expect(error).toMatchObject({ code: 'EGRESS_BLOCKED', rule: '127.0.0.0/8' });
    await until(() => canary.openConnections() === 0);
    expect(received).toHaveLength(0);
  });
});
