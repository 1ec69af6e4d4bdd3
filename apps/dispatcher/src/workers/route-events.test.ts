import { expect, test } from '@jest/globals';
import { EventRecord } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { simulatedLog, topicNames, topicSpecs, type NewRecord } from '@bellwire/messaging';
import type { Plan } from '../planning/plan-deliveries.ts';
import { startRouter, type RouteEventsDeps } from './route-events.ts';

const until = async (what: string, isTrue: () => boolean): Promise<void> => {
  for (const endsAt = Date.now() + 5000; !isTrue();) {
    if (Date.now() > endsAt) throw new Error(`gave up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const recordOf = (name: string): NewRecord => ({ topic: topicNames.deliveries, key: name, value: Buffer.from(name) });

function* planOf(records: readonly NewRecord[], later?: Promise<Plan>): Plan {
  yield* records;
  return later;
}

function* planThrowing(error: Error): Plan {
  yield undefined;
  throw error;
}

/** A router on a log of its own; each event's data names what is planned for it. */
const aRouter = async (planDeliveries: RouteEventsDeps['planDeliveries']) => {
  const eventLog = simulatedLog();
  await eventLog.topics(topicSpecs({ partitions: 1, tiers: [] }));
  const written: string[] = [];
  const failures: unknown[] = [];
  const worker = await startRouter({
    eventLog,
    stopwatch: performance,
    view: { catchUp: async () => undefined },
    planDeliveries,
    append: async (records) => {
      const keys = records.map(({ key }) => key ?? '');
      if (keys.includes('unwritable')) throw new Error('a bug');
      written.push(...keys);
    },
    insist: (_what, work) => work(),
    onRetry: (error) => failures.push(error),
    care: {},
    onFailure: (error) => failures.push(error),
    onDropped: () => undefined,
  });
  const publish = async (type: string) => {
    const value = EventRecord.encode(EventRecord.fromPartial({ eventId: type, tenantId: 'ten_1', type })).finish();
    await eventLog.produce([{ topic: topicNames.events, key: type, value }]);
  };
  return { publish, written, failures, worker };
};

test('what waits for a template keeps nothing else waiting, and is settled when it is written', async () => {
  const release = Promise.withResolvers<Plan>();
  const { publish, written, failures, worker } = await aRouter(({ type }) =>
    type === 'slow' ? planOf([recordOf('slow, plain')], release.promise) : planOf([recordOf(type)]),
  );
  await publish('slow');
  await publish('a');
  await publish('b');
  await until('the others', () => written.length === 3);
  expect(written).toEqual(['slow, plain', 'a', 'b']);
  await until('the others to be settled', () => worker.inFlight() === 1);
  release.resolve(planOf([recordOf('slow, made')]));
  await until('the template', () => worker.inFlight() === 0);
  expect(written.at(-1)).toBe('slow, made');
  expect(failures).toEqual([]);
  await worker.close();
});

test('what waits for a template when we stop is left to the next owner', async () => {
  const release = Promise.withResolvers<Plan>();
  const { publish, written, failures, worker } = await aRouter(() => planOf([recordOf('plain')], release.promise));
  await publish('a');
  await until('the rest', () => written.length === 1);
  release.reject(new Fault('STOPPING', 'The service is stopping.'));
  await worker.drain(50);
  expect({ inFlight: worker.inFlight(), failures }).toEqual({ inFlight: 0, failures: [] });
  await worker.close();
});

test('a bug in the plan of one event, or in writing it, keeps no other event from being routed', async () => {
  const bug = new Error('a bug');
  const { publish, written, failures, worker } = await aRouter(({ type }) =>
    type === 'bad' ? planThrowing(bug) : planOf([recordOf(type)]),
  );
  await publish('a');
  await publish('bad');
  await publish('b');
  await until('the others', () => written.length === 2 && failures.length === 1);
  expect(written).toEqual(['a', 'b']);
  expect(failures).toEqual([bug]);
  await publish('unwritable');
  await until('the failure', () => failures.length === 2);
  await publish('c');
  await until('what comes after it', () => written.includes('c'));
  expect(written).toEqual(['a', 'b', 'c']);
  await worker.close();
});
