// Sends per second of `send` and of a bare undici dispatch loop, against a receiver in a child process.
// node libs/egress/src/send.bench.ts [seconds per round] [concurrency]
import { fork } from 'node:child_process';
import { createServer } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { openSender } from './send.ts';

const headers = {
  'content-type': 'application/json',
  'user-agent': 'Bellwire/1',
  'webhook-id': 'evt_01KBKTVN7N2H6ZQ1B4C9J3M8XS',
  'webhook-timestamp': '1764000000',
  'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
};
const body = Buffer.alloc(1024, 'x');
const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** Answers each request as soon as its last byte (the body of x) has come; a loop of bytes costs less than a parser. */
const receive = (): void => {
  const server = createServer((socket) => {
    let missing = 0;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const end = chunk.indexOf('\r\n\r\n');
      missing = end === -1 ? missing - chunk.length : body.length - (chunk.length - end - 4);
      if (missing <= 0) socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
};

const startReceiver = async (): Promise<{ port: number; stop: () => void }> => {
  const child = fork(import.meta.filename, ['receive']);
  const port = await new Promise<number>((resolve) => {
    child.once('message', (message) => {
      if (typeof message === 'object' && 'port' in message) resolve(Number(message.port));
    });
  });
  return { port, stop: () => child.kill() };
};

const makeBare = (agent: Agent, origin: string) => (): Promise<void> =>
  new Promise((resolve, reject) => {
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: () => undefined,
      onResponseEnd: () => resolve(),
      onResponseError: (_controller, error) => reject(error),
    };
    agent.dispatch({ origin, path: '/hook', method: 'POST', headers, body }, handler);
  });

const measure = async (name: string, once: () => Promise<unknown>, ms: number, concurrency: number): Promise<void> => {
  let sent = 0;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const end = startedAt + ms;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      await once();
      sent++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const perSend = (user + system) / sent;
  console.log(`${name.padEnd(6)} ${Math.round(sent / seconds)} sends/s, ${perSend.toFixed(1)} µs of CPU per send`);
};

const bench = async (ms: number, concurrency: number): Promise<void> => {
  const { port, stop } = await startReceiver();
  const origin = `http://127.0.0.1:${port}`;
  const agent = new Agent({ connections: 64, allowH2: false });
  const sender = openSender({ policy: { allowHttp: true, allowCidrs: ['127.0.0.0/8'] } });
  const send = async (): Promise<void> => {
    const { outcome, error } = await sender.send({
      url: `${origin}/hook`,
      method: 'POST',
      headers,
      body,
      timeoutMs: 15_000,
    });
    if (outcome !== 'delivered') throw new Error(error);
  };
  const bare = makeBare(agent, origin);
  console.log(`concurrency ${concurrency}, 1 KiB; the first round warms up`);
  for (let round = 0; round < 4; round++) {
    await measure('bare', bare, ms, concurrency);
    await measure('send', send, ms, concurrency);
  }
  await sender.close();
  await agent.destroy();
  stop();
};

if (process.argv[2] === 'receive') receive();
else await bench(Number(process.argv[2] ?? 3) * 1000, Number(process.argv[3] ?? 64));
