import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeliveryStatus } from '@bellwire/contracts';
import { deliveryIdOf, newId } from '@bellwire/domain';
import type { NewRecord } from '@bellwire/messaging';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { startAuditUnderTest, until, yes, type AuditUnderTest } from '../testing/audit-under-test.ts';
import { aStory, deliveryIn, theDeadLetter, theEvent, theFailure, theFanOut } from '../testing/builders.ts';

let database: FreshDatabase;
let audit: AuditUnderTest;
const record = async (...records: NewRecord[]) => {
  await audit.eventLog.produce(records);
  await audit.settled();
};

beforeAll(async () => {
  database = await freshDatabase();
  audit = await startAuditUnderTest(database);
});
afterAll(async () => {
  await audit.close();
  await database.drop();
  expect(audit.failures).toEqual([]);
});

describe('who asks', () => {
  // About a user, to an endpoint of that user and to one of the tenant.
  const subject = 'user-1';
  const mine = aStory({
    tenantId: 'ten_mine',
    // Old enough for what is missing not to be too young.
    acceptedAtMs: Date.now() - 10_000,
    subject,
    endpointIds: ['ep_1', 'ep_2'],
    endpointSubjects: [subject],
  });
  const theirs = aStory({ tenantId: 'ten_theirs' });
  const dead = { status: DeliveryStatus.DEAD_LETTERED, reason: 'not_retryable', nextAttemptAtMs: undefined };
  beforeAll(() =>
    record(
      ...[mine, theirs].flatMap((story) => [
        theEvent(story),
        theFanOut(story, { excludedCounts: { filter: 2 } }),
        ...story.endpointIds.flatMap((_, nth) => [theFailure(story, dead, nth), theDeadLetter(story, {}, nth)]),
      ]),
    ),
  );
  const counts = async (bearer: string, request = {}) => [
    (await audit.listEvents(request, bearer)).events.length,
    (await audit.listDeliveries(request, bearer)).deliveries.length,
    (await audit.listDeadLetters(request, bearer)).deadLetters.length,
  ];

  test('sees nothing of another tenant, in any call', async () => {
    for (const [story, other, count] of [
      [mine, 'ten_theirs', 1],
      [theirs, 'ten_mine', 2],
    ] as const) {
      await expect(audit.getEvent(story.eventId, other)).rejects.toMatchObject({ kind: 'not_found' });
      await expect(audit.getDelivery(deliveryIn(story), other)).rejects.toMatchObject({ kind: 'not_found' });
      await expect(audit.getEvent(story.eventId, other, story.tenantId)).rejects.toMatchObject({ reason: 'NOT_FOUND' });
      expect(await counts(other)).toEqual([1, count, count]);
      expect((await audit.listDeliveries({ eventId: story.eventId }, other)).deliveries).toEqual([]);
      expect((await audit.listDeadLetters({ eventId: story.eventId }, other)).deadLetters).toEqual([]);
    }
  });

  test('sees as an admin what the named tenant has', async () => {
    expect((await audit.getEvent(mine.eventId, 'admin', 'ten_mine')).event?.id).toBe(mine.eventId);
    await expect(audit.getEvent(mine.eventId, 'admin', 'ten_theirs')).rejects.toMatchObject({ kind: 'not_found' });
    await expect(audit.getEvent(mine.eventId, 'admin')).rejects.toMatchObject({ reason: 'UNKNOWN_TENANT' });
    await expect(audit.getEvent(mine.eventId, 'admin', '*')).rejects.toMatchObject({ reason: 'UNKNOWN_TENANT' });
  });

  test('sees as a subject its events, and of their deliveries those to its endpoints', async () => {
    const user = 'ten_mine/user-1';
    const [own = '', ofTenant = ''] = mine.deliveryIds;
    expect(await counts(user)).toEqual([1, 1, 1]);
    expect(await counts(user, { endpointId: 'ep_2' })).toEqual([1, 0, 0]);
    expect((await audit.listDeliveries({ withTotal: true, eventId: mine.eventId }, user)).total).toBe(1);
    const { event } = await audit.getEvent(mine.eventId, user);
    expect(event).toMatchObject({ data: '{"n":1}', deliveries: [{ id: own, endpointId: 'ep_1' }], excludedCounts: {} });
    const { delivery } = await audit.getDelivery(own, user);
    expect(delivery).toMatchObject({ endpointSubject: subject, attempts: [{ endpointSubject: subject }] });
    await expect(audit.getDelivery(ofTenant, user)).rejects.toMatchObject({ reason: 'NOT_FOUND' });
    expect((await audit.getDelivery(ofTenant, 'ten_mine')).delivery?.attempts).toHaveLength(1);
  });

  test('sees as the tenant, asking for a subject, all deliveries of the events about it', async () => {
    expect(await counts('ten_mine', { subject })).toEqual([1, 2, 2]);
    expect((await audit.getEvent(mine.eventId, 'ten_mine')).event?.excludedCounts).toEqual({ filter: 2 });
  });

  test('sees as a subject, of another one, nothing', async () => {
    expect(await counts('ten_mine/user-2')).toEqual([0, 0, 0]);
    expect(await counts('ten_mine/user-2', { subject: 'user-1' })).toEqual([0, 0, 0]);
    await expect(audit.getEvent(mine.eventId, 'ten_mine/user-2')).rejects.toMatchObject({ kind: 'not_found' });
    await expect(audit.getDelivery(deliveryIn(mine), 'ten_mine/user-2')).rejects.toMatchObject({ kind: 'not_found' });
  });

  test('needs the scope of the call', async () => {
    const lacking = { reason: 'MISSING_SCOPE' };
    await expect(audit.listEvents({}, 'ten_mine//deliveries:read')).rejects.toMatchObject(lacking);
    await expect(audit.getEvent(mine.eventId, 'ten_mine//deliveries:read')).rejects.toMatchObject(lacking);
    await expect(audit.listDeliveries({}, 'ten_mine//events:read')).rejects.toMatchObject(lacking);
    await expect(audit.getDelivery(deliveryIn(mine), 'ten_mine//events:read')).rejects.toMatchObject(lacking);
    await expect(audit.listDeadLetters({}, 'ten_mine//events:read')).rejects.toMatchObject(lacking);
    await expect(audit.listEvents({}, 'nobody')).rejects.toMatchObject({ reason: 'UNKNOWN_KEY' });
  });

  test('finds every table of the schema under forced row-level security', async () => {
    const tables = await audit.sql(
      `select relname, relrowsecurity and relforcerowsecurity as forced from pg_class
         join pg_namespace on pg_namespace.oid = relnamespace
       where nspname = 'audit' and relkind in ('r', 'p') and relname not like 'migrations%'`,
    );
    expect(tables.length).toBeGreaterThan(20);
    expect(tables.filter(({ forced }) => forced !== true)).toEqual([]);
  });
});

describe('a list', () => {
  const wrong = (...paths: string[]) => ({ reason: 'INVALID_FIELD', fields: paths.map((path) => ({ path })) });
  const nul = 'a\u0000';

  test('is not filtered by NUL', async () => {
    await expect(audit.listEvents({ type: nul, subject: nul })).rejects.toMatchObject(wrong('type', 'subject'));
    const filters = { endpointId: nul, eventId: nul, eventType: nul, subject: nul };
    const paths = ['endpoint_id', 'event_id', 'event_type', 'subject'];
    await expect(audit.listDeliveries(filters)).rejects.toMatchObject(wrong(...paths));
    await expect(audit.listDeadLetters({ subject: nul })).rejects.toMatchObject(wrong('subject'));
  });

  test('is not of a time that ends before it begins', async () => {
    const period = { since: new Date(2000), until: new Date(1999) };
    for (const asked of [audit.listEvents(period), audit.listDeliveries(period), audit.listDeadLetters(period)]) {
      await expect(asked).rejects.toMatchObject(wrong('since'));
    }
    await expect(audit.getStats(period)).rejects.toMatchObject(wrong('since'));
    const { deliveries } = await audit.listDeliveries({ since: new Date(2000), until: new Date(2000) });
    expect(deliveries).toEqual([]);
  });

  test('does not go on after the cursor of another one', async () => {
    const stories = [aStory({ tenantId: 'ten_pages' }), aStory({ tenantId: 'ten_pages' })];
    await record(...stories.flatMap((story) => [theEvent(story), theFanOut(story)]));
    const events = await audit.listEvents({ limit: 1 }, 'ten_pages');
    const deliveries = await audit.listDeliveries({ limit: 1 }, 'ten_pages');
    const { nextCursor: ofEvents } = events;
    const { nextCursor: ofDeliveries } = deliveries;
    expect((await audit.listEvents({ cursor: ofEvents }, 'ten_pages')).events).toHaveLength(1);
    expect((await audit.listDeliveries({ cursor: ofDeliveries }, 'ten_pages')).deliveries).toHaveLength(1);
    await expect(audit.listEvents({ cursor: ofDeliveries })).rejects.toMatchObject(wrong('cursor'));
    await expect(audit.listDeliveries({ cursor: ofEvents })).rejects.toMatchObject(wrong('cursor'));
  });
});

describe('what is not recorded', () => {
  test('is said to be too young where audit has not come that far', async () => {
    const nowMs = Date.now();
    const eventId = newId('evt', nowMs);
    const young = { reason: 'NOT_YET_RECORDED', retryAfterMs: 500 };
    await expect(audit.getEvent(eventId)).rejects.toMatchObject(young);
    await expect(audit.getDelivery(deliveryIdOf(eventId, 'ep_1', nowMs))).rejects.toMatchObject(young);
  });

  test('is said not to be there where audit has come that far, and where it cannot be', async () => {
    const asOf = await until('as_of', async () => (await audit.listDeliveries({}, 'ten_none')).asOf);
    const beforeMs = asOf.getTime() - 1;
    await expect(audit.getEvent(newId('evt', beforeMs), 'ten_none')).rejects.toMatchObject({ reason: 'NOT_FOUND' });
    for (const id of [
      '',
      'nonsense',
      '00000000-0000-0000-0000-000000000000',
      deliveryIdOf('evt', 'ep', beforeMs),
      deliveryIdOf('evt', 'ep', Date.now() + 1e9),
    ])
      await expect(audit.getDelivery(id, 'ten_none')).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });

  test('of a tenant holds as_of of its deliveries back until the router has planned it', async () => {
    const story = aStory({ tenantId: 'ten_unplanned', acceptedAtMs: Date.now() - 60_000 });
    await record(theEvent(story));
    expect((await audit.listDeliveries({}, 'ten_unplanned')).asOf).toEqual(new Date(story.acceptedAtMs - 1));
    expect((await audit.listEvents({}, 'ten_unplanned')).asOf?.getTime()).toBeGreaterThan(story.acceptedAtMs);
    await expect(audit.getDelivery(deliveryIn(story), 'ten_unplanned')).rejects.toMatchObject({
      reason: 'NOT_YET_RECORDED',
    });
    await record(theFanOut(story));
    const after = await audit.listDeliveries({}, 'ten_unplanned');
    expect(after.asOf?.getTime()).toBeGreaterThan(story.acceptedAtMs);
    expect(after.deliveries).toHaveLength(1);
  });

  test('and comes late takes nothing back of as_of', async () => {
    const { asOf: before } = await audit.listDeliveries({}, 'ten_late');
    await record(theEvent(aStory({ tenantId: 'ten_late', acceptedAtMs: Date.now() - 60_000 })));
    const { asOf: after, deliveries } = await audit.listDeliveries({}, 'ten_late');
    expect(deliveries).toEqual([]);
    expect(after?.getTime()).toBeGreaterThanOrEqual(before?.getTime() ?? Infinity);
  });

  test('because it cannot be read is kept for operators', async () => {
    const unstorable = aStory({
      subject: 'x'.repeat(4000) + Array.from({ length: 4000 }, () => Math.random()).join(''),
    });
    const future = aStory({ acceptedAtMs: Date.now() + 30 * 24 * 60 * 60 * 1000 });
    const good = aStory();
    await record(
      { topic: 'events', key: good.eventId, value: new Uint8Array([0xff, 0xff, 0xff]) },
      theEvent(good),
      theEvent(unstorable),
      theEvent(future),
    );
    expect((await audit.getEvent(good.eventId)).event?.id).toBe(good.eventId);
    const kept = await audit.sql('select error from audit.unreadable_records');
    expect(kept).toHaveLength(3);
    expect(kept.map(({ error }) => String(error)).join()).toMatch(/index row.*future|future.*index row/s);
  });

  test('is asked for while Postgres is away', async () => {
    // Superusers still come in.
    await audit.sql(`alter database ${database.name} connection limit 0`);
    const away = () =>
      audit.listEvents().then(
        () => undefined,
        (error: unknown) => error,
      );
    await until('Postgres to be away', async () => {
      await audit.sql('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [database.name]);
      const error = await away();
      return yes(error !== undefined && JSON.stringify(error).includes('DATABASE_UNAVAILABLE'));
    });
    await audit.sql(`alter database ${database.name} connection limit -1`);
    await until('Postgres to be back', async () => yes((await away()) === undefined));
  });
});
