// The floor, a process of its own: what signing and posting alone costs. One undici agent, 64 connections, nothing else.
import { createHmac, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { Agent, type Dispatcher } from 'undici';
import { machineMs } from '../clock.ts';
import { answerQuestions } from '../helper-process.ts';
import { floorOrder, type FloorReport } from './floor-protocol.ts';
import { payloadOf } from './payload.ts';

const concurrency = 64;
const key = createSecretKey(randomBytes(32));

const headersOf = (body: string): string[] => {
  const id = `evt_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return [
    'content-type',
    'application/json',
    'webhook-id',
    id,
    'webhook-timestamp',
    timestamp,
    'webhook-signature',
    `v1,${signature}`,
  ];
};

/** Resolves when the answer is complete. */
const post = (agent: Agent, { origin, pathname }: URL, body: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: () => undefined,
      onResponseEnd: () => resolve(),
      onResponseError: (_controller, error) => reject(error),
    };
    agent.dispatch({ origin, path: pathname, method: 'POST', headers: headersOf(body), body }, handler);
  });

const run = async (url: URL, posts: number): Promise<FloorReport> => {
  const agent = new Agent({ connections: concurrency, pipelining: 1 });
  const body = JSON.stringify({ type: 'order.paid', timestamp: new Date().toISOString(), data: payloadOf(1) });
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next++ < posts) await post(agent, url, body);
  };
  const cpuBefore = process.cpuUsage();
  const startedAt = machineMs();
  await Promise.all(Array.from({ length: concurrency }, lane));
  const seconds = (machineMs() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await agent.close();
  return { postsPerSecond: posts / seconds, cpuPerThousand: (user + system) / 1000 / posts };
};

answerQuestions((asked) => {
  const { url, posts } = floorOrder.parse(asked);
  return run(new URL(url), posts);
});
