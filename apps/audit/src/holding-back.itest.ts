import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { simulatedLog, topicSpecs, type ConsumeOptions, type SimulatedLog } from '@bellwire/messaging';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { Client } from 'pg';
import { startAuditUnderTest, until, yes } from './testing/audit-under-test.ts';
import { aStory, theEvent } from './testing/builders.ts';

const mebibyte = 1024 * 1024;
const partitions = 8;

let database: FreshDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.drop());

/** A log that counts what audit has been handed, in bytes, and knows which partitions it has paused. */
const counting = async () => {
  const eventLog = simulatedLog({ batchRecords: 1 });
  await eventLog.topics(topicSpecs({ partitions, tiers: [] }));
  const paused = new Set<string>();
  let handed = 0;
  const consume = async (options: ConsumeOptions) => {
    const { handlers } = options;
    const records: typeof handlers.records = (batch) => {
      for (const { value } of batch) handed += value?.length ?? 0;
      handlers.records(batch);
    };
    const subscription = await eventLog.consume({ ...options, handlers: { ...handlers, records } });
    return {
      ...subscription,
      pause: (partition: Parameters<typeof subscription.pause>[0]) => {
        paused.add(`${partition.topic} ${partition.partition}`);
        subscription.pause(partition);
      },
    };
  };
  const counted: SimulatedLog = { ...eventLog, consume };
  return { eventLog, counted, handed: () => handed, paused };
};

test('while Postgres takes nothing, at most 64 MiB wait in memory, and the rest on the log', async () => {
  const { eventLog, counted, handed, paused } = await counting();
  const audit = await startAuditUnderTest({ ...database, eventLog, deps: { eventLog: counted } });
  const postgres = new Client({ connectionString: database.superuserUrl });
  await postgres.connect();
  await postgres.query('begin');
  await postgres.query('lock table audit.events in access exclusive mode');

  const data = JSON.stringify('x'.repeat(250_000));
  const tenantId = 'ten_a';
  const events = Array.from({ length: 400 }, () => theEvent(aStory({ tenantId }), { data }));
  for (const [nth, event] of events.entries()) await eventLog.produce([{ ...event, key: `key ${nth}` }]);
  await until('all partitions to be full', () => yes(paused.size === partitions));
  const most = handed();
  expect(most).toBeGreaterThan(10 * mebibyte);
  expect(most).toBeLessThan(64 * mebibyte);

  await postgres.query('rollback');
  await postgres.end();
  await audit.settled();
  expect(handed()).toBeGreaterThan(95 * mebibyte);
  const [{ count } = {}] = await audit.sql(`select count(*)::integer from audit.events where tenant_id = $1`, [
    tenantId,
  ]);
  expect(count).toBe(400);
  await audit.close();
  expect(audit.failures).toEqual([]);
}, 60_000);
