import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DeliveryStatus } from '@bellwire/contracts';
import type { NewRecord } from '@bellwire/messaging';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { dayMs } from './days.ts';
import { mergeDeliveries } from './delivery-state.ts';
import { foldBatch } from './fold-batch.ts';
import { historyEntries } from './history-record.ts';
import { aLog, startAuditUnderTest, until, yes, type AuditUnderTest } from './testing/audit-under-test.ts';
import {
  aStory,
  deliveryIn,
  theAttempt,
  theDeadLetter,
  theEvent,
  theFailure,
  theFanOut,
  theTransition,
  type Story,
} from './testing/builders.ts';

let database: FreshDatabase;
const open: AuditUnderTest[] = [];
const start = async (given: Partial<Parameters<typeof startAuditUnderTest>[0]> = {}) => {
  const audit = await startAuditUnderTest({ ...database, ...given });
  open.push(audit);
  return audit;
};

beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(async () => {
  for (const audit of open.splice(0)) await audit.close();
  await database.drop();
});

/** A small generator with a seed, so that a failure can be run again. */
const seeded = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

const lifeOf = (story: Story, random: () => number): NewRecord[] => {
  const retries = Math.floor(random() * 3);
  const records = [theEvent(story), theFanOut(story)];
  for (let number = 1; number <= retries; number++) records.push(theFailure(story, { number }));
  if (random() < 0.5) records.push(theTransition(story, { attemptCount: retries }));
  if (random() < 0.5) return [...records, theAttempt(story, { number: retries + 1 })];
  const dead = { number: retries + 1, status: DeliveryStatus.DEAD_LETTERED, reason: 'attempts_exhausted' };
  return [
    ...records,
    theFailure(story, { ...dead, nextAttemptAtMs: undefined }),
    theDeadLetter(story, { attemptCount: retries + 1 }),
    theTransition(story, {
      round: 2,
      attemptCount: retries + 1,
      status: DeliveryStatus.PENDING,
      reason: 'redelivery',
      atMs: story.acceptedAtMs + 50_000,
    }),
  ];
};

describe('recording', () => {
  test('gives the rows of the fold for any order, batches and repeats, with two processes', async () => {
    const eventLog = await aLog();
    const audit = await start({ eventLog });
    await start({ eventLog: eventLog.connect() });
    const random = seeded(42);
    const acceptedAtMs = Date.now() - 60_000;
    const records = Array.from({ length: 60 }, (_, nth) =>
      lifeOf(aStory({ acceptedAtMs: acceptedAtMs + nth }), random),
    ).flat();
    const repeated = [...records, ...records.filter(() => random() < 0.4)].map((record) => ({ record, at: random() }));
    const shuffled = repeated.sort((a, b) => a.at - b.at).map(({ record }) => record);
    while (shuffled.length > 0) {
      // Keys are drawn by chance too, so that the records of one delivery come by way of both processes.
      const batch = shuffled.splice(0, 1 + Math.floor(random() * 25));
      await audit.eventLog.produce(batch.map((record) => ({ ...record, key: String(random()) })));
      if (random() < 0.3) await audit.settled();
    }
    await audit.settled();

    const folded = foldBatch(
      records.flatMap(({ topic, value }) =>
        historyEntries({ topic, value, headers: {} }).map((entry) => ({
          record: { topic, partition: 0, offset: 0, timestampMs: 0 },
          change: entry.decode(),
          isLast: true,
        })),
      ),
    );
    expect(folded.deliveries.reduce(mergeDeliveries).attemptCount).toBeGreaterThan(1);
    const rows = await audit.sql(
      `select id::text, status, reason, round, attempt_count, state_order, next_attempt_at, completed_at
       from audit.deliveries order by id`,
    );
    const dateOf = (timeMs: number | undefined) => (timeMs === undefined ? null : new Date(timeMs));
    const expected = folded.deliveries.map((row) => ({
      id: row.id,
      status: row.status,
      reason: row.reason,
      round: row.round,
      attempt_count: row.attemptCount,
      state_order: row.stateOrder,
      next_attempt_at: dateOf(row.nextAttemptAtMs),
      completed_at: dateOf(row.completedAtMs),
    }));
    expect(rows).toEqual(expected);
    const counts = await audit.sql(
      `select (select count(*)::int from audit.events where data is not null and planned_at is not null) as events,
              (select count(*)::int from audit.attempts) as attempts,
              (select count(*)::int from audit.dead_letters) as dead_letters`,
    );
    expect(counts).toEqual([
      { events: folded.events.length, attempts: folded.attempts.length, dead_letters: folded.deadLetters.length },
    ]);
  });

  test('loses nothing while its connections are ended again and again', async () => {
    const audit = await start();
    const stories: Story[] = [];
    const over = new AbortController();
    const ending = (async () => {
      while (!over.signal.aborted) {
        await audit.sql(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'bellwire-audit%'`,
        );
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    })();
    for (let round = 0; round < 30; round++) {
      const some = Array.from({ length: 40 }, () => aStory());
      stories.push(...some);
      await audit.eventLog.produce(some.flatMap((story) => [theEvent(story), theFanOut(story), theAttempt(story)]));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    over.abort();
    await ending;
    await audit.settled();
    const [counts] = await audit.sql(
      `select (select count(*)::int from audit.events where planned_at is not null) as events,
              (select count(*)::int from audit.deliveries where status = 'delivered') as deliveries,
              (select count(*)::int from audit.attempts) as attempts`,
    );
    expect(counts).toEqual({ events: stories.length, deliveries: stories.length, attempts: stories.length });
    expect(audit.failures).toEqual([]);
  });

  test('goes on after a restart where it was', async () => {
    const eventLog = await aLog();
    const first = await start({ eventLog });
    const [one, other] = [aStory(), aStory()];
    await eventLog.produce([theEvent(one)]);
    await first.settled();
    await first.close();
    await eventLog.produce([theEvent(other), theFanOut(one)]);
    const second = await start({ eventLog: eventLog.connect() });
    await second.settled();
    expect((await second.getEvent(one.eventId)).event?.deliveries).toHaveLength(1);
    expect((await second.getEvent(other.eventId)).event?.id).toBe(other.eventId);
  });

  test('keeps up with 20,000 attempts (printed, not judged)', async () => {
    const audit = await start();
    const stories = Array.from({ length: 20_000 }, (_, nth) => aStory({ endpointIds: [`ep_${nth % 100}`] }));
    const timed = async (what: string, records: readonly NewRecord[]) => {
      const startedAt = performance.now();
      for (let at = 0; at < records.length; at += 500) await audit.eventLog.produce(records.slice(at, at + 500));
      await audit.settled();
      const rate = Math.round((records.length / (performance.now() - startedAt)) * 1000);
      process.stdout.write(`audit: ${what}: ${rate} records/s\n`);
    };
    await timed(
      '20,000 fan-outs',
      stories.map((story) => theFanOut(story)),
    );
    await timed(
      '20,000 events after their fan-outs',
      stories.map((story) => theEvent(story, { data: JSON.stringify({ text: 'x'.repeat(1000) }) })),
    );
    await timed(
      '20,000 attempts',
      stories.map((story) => theAttempt(story)),
    );
    const rows = await audit.sql('select count(*)::int as count from audit.attempts');
    expect(rows).toEqual([{ count: stories.length }]);
  });
});

describe('day partitions', () => {
  const partitionsOf = async (audit: AuditUnderTest) =>
    (
      await audit.sql(
        `select relname from pg_class where relname ~ '^deliveries_p[0-9]{8}$' and relkind = 'r' order by 1`,
      )
    ).map(({ relname }) => String(relname).slice(-8));

  test('are made from yesterday to the day after tomorrow, on demand for a late replay, and dropped past the retention', async () => {
    let nowMs = Date.UTC(2026, 1, 27, 12);
    const deps = { clock: { now: () => nowMs }, retentionDays: 7, maintenanceIntervalMs: 20 };
    const audit = await start({ deps });
    expect(await partitionsOf(audit)).toEqual(['20260226', '20260227', '20260228', '20260301']);

    const late = aStory({ acceptedAtMs: nowMs - 5 * dayMs });
    const expired = aStory({ acceptedAtMs: nowMs - 8 * dayMs });
    await audit.eventLog.produce(
      [late, expired].flatMap((story) => [theEvent(story), theFanOut(story), theAttempt(story)]),
    );
    await audit.settled();
    expect(await partitionsOf(audit)).toEqual(['20260222', '20260226', '20260227', '20260228', '20260301']);
    expect((await audit.getEvent(late.eventId)).event?.deliveries).toHaveLength(1);
    await expect(audit.getEvent(expired.eventId)).rejects.toMatchObject({ reason: 'NOT_FOUND' });

    // Past the retention by a minute: not seen any more, although its partition is still there.
    nowMs = late.acceptedAtMs + 7 * dayMs + 60_000;
    await expect(audit.getEvent(late.eventId)).rejects.toMatchObject({ reason: 'NOT_FOUND' });
    await expect(audit.getDelivery(deliveryIn(late))).rejects.toMatchObject({ reason: 'NOT_FOUND' });
    expect((await audit.listEvents()).events).toEqual([]);
    expect((await audit.listDeliveries()).deliveries).toEqual([]);

    nowMs += dayMs;
    await until('the old partition to be dropped and a new one made', async () => {
      const names = await partitionsOf(audit);
      return yes(!names.includes('20260222') && names.includes('20260304'));
    });

    // A replay of a day that was dropped while this process remembered it.
    const again = aStory({ acceptedAtMs: nowMs - 6 * dayMs });
    await audit.eventLog.produce([theEvent(again), theFanOut(again)]);
    await audit.settled();
    expect((await audit.getDelivery(deliveryIn(again))).delivery?.id).toBe(deliveryIn(again));
  });

  test('that somebody else dropped are made again', async () => {
    const audit = await start();
    const story = aStory();
    await audit.eventLog.produce([theEvent(story)]);
    await audit.settled();
    const day = new Date(story.acceptedAtMs).toISOString().slice(0, 10).replaceAll('-', '');
    await audit.sql(`drop table audit.events_p${day}`);
    const next = aStory();
    await audit.eventLog.produce([theEvent(next)]);
    await audit.settled();
    expect((await audit.getEvent(next.eventId)).event?.id).toBe(next.eventId);
  });

  test('keep tenants apart when they are read by their own names', async () => {
    const audit = await start();
    const [name] = await partitionsOf(audit);
    const policies = await audit.sql('select policyname from pg_policies where tablename = $1', [
      `deliveries_p${name}`,
    ]);
    expect(policies).toEqual([{ policyname: 'tenant_isolation' }]);
  });
});
