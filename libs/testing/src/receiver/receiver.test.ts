import { afterEach, describe, expect, test } from '@jest/globals';
import { startReceiver, type Receiver, type ReceiverOptions } from './receiver.ts';

const open: Receiver[] = [];
const start = async (options?: ReceiverOptions): Promise<Receiver> => {
  const receiver = await startReceiver(options);
  open.push(receiver);
  return receiver;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.close()));
});
const post = (url: string, body = 'hello'): Promise<Response> =>
  fetch(url, { method: 'POST', body, redirect: 'manual', headers: { 'x-one': '1' } });

describe('startReceiver', () => {
  test('answers 200 by default and remembers path, method, headers and body', async () => {
    const receiver = await start();
    expect((await post(receiver.url('/a?b=1'))).status).toBe(200);
    const [request] = await receiver.received(1);
    expect(request).toMatchObject({ path: '/a?b=1', method: 'POST', bodyBytes: 5 });
    expect(request?.headers['x-one']).toBe('1');
    expect(request?.body.toString()).toBe('hello');
  });

  test('answers a list in turn, then the last one, path by path', async () => {
    const receiver = await start({ answer: 204 });
    receiver.answer('/list', [500, { status: 429, headers: { 'retry-after': '3' } }, 200]);
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await post(receiver.url('/list?x'))).status);
    expect(statuses).toEqual([500, 429, 200, 200]);
    expect((await post(receiver.url('/other'))).status).toBe(204);
  });

  test('asks a function with the request and its number', async () => {
    const receiver = await start();
    receiver.answer('/f', (request, count) => ({ body: `${count} ${request.body.toString()}` }));
    await post(receiver.url('/f'));
    expect(await (await post(receiver.url('/f'), 'again')).text()).toBe('2 again');
  });

  test('redirects, sends a huge body, waits', async () => {
    const receiver = await start();
    receiver.answer('/r', { redirectTo: 'http://169.254.169.254/' });
    receiver.answer('/huge', { hugeBodyBytes: 1_000_001 });
    receiver.answer('/slow', { delayMs: 60 });
    const redirect = await post(receiver.url('/r'));
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, 'http://169.254.169.254/']);
    expect((await (await post(receiver.url('/huge'))).bytes()).length).toBe(1_000_001);
    const before = performance.now();
    await post(receiver.url('/slow'));
    expect(performance.now() - before).toBeGreaterThan(50);
  });

  test('closes without an answer or in the middle of one', async () => {
    const receiver = await start();
    receiver.answer('/none', { close: 'before_headers' });
    receiver.answer('/half', { close: 'mid_body' });
    await expect(post(receiver.url('/none'))).rejects.toThrow();
    const half = await post(receiver.url('/half'));
    expect(half.status).toBe(200);
    await expect(half.text()).rejects.toThrow();
  });

  test('hangs before or after the headers until it is closed', async () => {
    const receiver = await start();
    receiver.answer('/mute', { hang: 'before_headers' });
    receiver.answer('/head', { hang: 'after_headers' });
    const mute = post(receiver.url('/mute')).then(
      () => 'answered',
      () => 'dropped',
    );
    const head = await post(receiver.url('/head'));
    expect(head.status).toBe(200);
    const body = head.text().then(
      () => 'complete',
      () => 'dropped',
    );
    await receiver.received(2);
    await receiver.close();
    expect(await Promise.all([mute, body])).toEqual(['dropped', 'dropped']);
  });

  test('rejects a wait that does not come true with what did arrive', async () => {
    const receiver = await start();
    await post(receiver.url('/only'));
    await expect(receiver.received(2, 30)).rejects.toThrow(/for 2 requests: 1 requests arrived\n {2}POST \/only/);
    await expect(receiver.received((all) => all.some(({ path }) => path === '/x'), 30)).rejects.toThrow('/only');
  });

  test('keeps memory bounded when it is told to, and counts on', async () => {
    const receiver = await start({ keepBodies: false, keepLast: 2 });
    for (let i = 0; i < 5; i++) await post(receiver.url(`/${i}`));
    const kept = await receiver.received(5);
    expect(kept.map(({ path, body, bodyBytes }) => [path, body.length, bodyBytes])).toEqual([
      ['/3', 0, 5],
      ['/4', 0, 5],
    ]);
    expect(receiver.count).toBe(5);
  });
});
