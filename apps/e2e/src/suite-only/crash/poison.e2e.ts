import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startReceiver, type Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { bugMarker, crashMarker, poisonEnv } from '../../poison/markers.ts';
import { apiOf, created, newTenant, nothing, until, type Api } from '../../target/api.ts';
import { allDeliveries } from '../../target/deliveries.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../../target/start-target.ts';

const dataDir = newDataDir();
const deadLetters = z.object({ data: z.array(z.object({ id: z.string(), event_id: z.string(), reason: z.string() })) });
let receiver: Receiver;
let suite: Target | undefined;
let key: string;

/** Undefined where it ended before it was ready. */
const start = async (env: Readonly<Record<string, string>>): Promise<Target | undefined> => {
  try {
    return await startTarget({ kind: 'suite', dataDir, env });
  } catch {
    return undefined;
  }
};
const api = (): Api => apiOf(suite?.rest ?? '', key);

beforeAll(async () => {
  receiver = await startReceiver();
  suite = await start(poisonEnv);
  key = (await newTenant(suite?.rest ?? '', suite?.adminKey ?? '')).key;
  await api().post('/v1/endpoints', { url: receiver.url('/hook'), event_types: ['order.*'] }, nothing);
});
afterAll(async () => {
  await suite?.kill('SIGTERM');
  await receiver.close();
  removeDataDir(dataDir);
});

const publish = async (data: unknown): Promise<string> => {
  const { id } = await api().post('/v1/events', { type: 'order.paid', data }, created);
  return id;
};

const letterOf = async (eventId: string): Promise<string | undefined> => {
  try {
    const { data } = await api().get('/v1/dead-letters', deadLetters);
    return data.find((letter) => letter.event_id === eventId && letter.reason === 'quarantined')?.id;
  } catch {
    return undefined;
  }
};

const arrived = (): Set<string> => new Set(receiver.requests.map(({ headers }) => String(headers['webhook-id'])));

test('a delivery whose sending throws is quarantined after three failures, and its neighbours are delivered', async () => {
  const poison = await publish(bugMarker);
  const neighbours = [await publish(1), await publish(2)];
  await until('the dead letter', () => letterOf(poison));
  await receiver.received(() => neighbours.every((id) => arrived().has(id)));
  // Its letter may be read before what the process prints.
  await until('the log line', async () => (suite?.output().includes('record.put_aside') === true ? true : undefined));
}, 60_000);

test('a delivery that ends its process is quarantined after three crashes, and can be sent again without the bug', async () => {
  const before = await publish(3);
  const poison = await publish(crashMarker);
  const isOver = async (): Promise<boolean> => {
    const ended = suite?.ended().then(() => 'crashed' as const) ?? 'crashed';
    const letter = until('the dead letter', () => letterOf(poison), 60_000).then(() => 'quarantined' as const);
    return (await Promise.race([ended, letter])) === 'quarantined';
  };
  let crashes = 0;
  for (; !(await isOver()); suite = await start(poisonEnv)) crashes++;
  console.log(`crashes: ${crashes}`);
  expect(crashes).toBeLessThanOrEqual(3);
  const after = await publish(4);
  await receiver.received(() => [before, after].every((id) => arrived().has(id)));

  await suite?.kill('SIGTERM');
  suite = await start({});
  const letter = await letterOf(poison);
  await api().post(`/v1/deliveries/${letter}/redeliver`, {}, nothing);
  await receiver.received(() => arrived().has(poison));
  const isDelivered = async () =>
    (await allDeliveries(api())).every(({ id, status }) => id !== letter || status === 'delivered');
  await until('the delivery', async () => ((await isDelivered()) ? true : undefined));
}, 120_000);
