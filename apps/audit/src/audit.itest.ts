import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeliveryStatus, Outcome } from '@bellwire/contracts';
import { keyedEventId } from '@bellwire/domain';
import type { NewRecord } from '@bellwire/messaging';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { startAuditUnderTest, type AuditUnderTest } from './testing/audit-under-test.ts';
import {
  aStory,
  deliveryIn,
  theAttempt,
  theDeadLetter,
  theEvent,
  theFailure,
  theFanOut,
  theTransition,
} from './testing/builders.ts';

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

describe('an event', () => {
  test('is answered with its deliveries and what was not owed it', async () => {
    const story = aStory({ endpointIds: ['ep_1', 'ep_2'], subject: 'user-1' });
    const planned = story.endpointIds.map((endpointId, nth) => ({
      endpointId,
      deliveryId: deliveryIn(story, nth),
      status: nth === 0 ? DeliveryStatus.PENDING : DeliveryStatus.SKIPPED,
      reason: nth === 0 ? '' : 'endpoint_disabled',
    }));
    const actionUrls = { open: 'https://example.com/o' };
    await record(
      theEvent(story, { data: '{"a":1.50}', orderingKey: 'order-1', actionUrls }),
      theFanOut(story, { planned, excludedCounts: { filter: 2, event_type: 1 } }),
    );
    const { event, asOf } = await audit.getEvent(story.eventId);
    expect(event).toMatchObject({
      id: story.eventId,
      type: 'order.paid',
      subject: 'user-1',
      data: '{"a":1.50}',
      orderingKey: 'order-1',
      actionUrls,
      excludedCounts: { filter: 2, event_type: 1 },
      acceptedAt: new Date(story.acceptedAtMs),
      occurredAt: new Date(story.acceptedAtMs - 5),
    });
    const byEndpoint = event?.deliveries.toSorted((a, b) => a.endpointId.localeCompare(b.endpointId));
    expect(byEndpoint).toEqual([
      { id: deliveryIn(story, 0), endpointId: 'ep_1', status: DeliveryStatus.PENDING, reason: '' },
      { id: deliveryIn(story, 1), endpointId: 'ep_2', status: DeliveryStatus.SKIPPED, reason: 'endpoint_disabled' },
    ]);
    expect(asOf).toEqual(expect.any(Date));
    const skipped = await audit.getDelivery(deliveryIn(story, 1));
    expect(skipped.delivery).toMatchObject({
      reason: 'endpoint_disabled',
      completedAt: new Date(story.acceptedAtMs + 2),
    });
  });

  test('of an idempotency key is found by an id that says no time', async () => {
    const story = aStory({ eventId: keyedEventId('ten_a', 'key-1') });
    await record(theEvent(story, { idempotencyKey: 'key-1' }));
    expect((await audit.getEvent(story.eventId)).event?.id).toBe(story.eventId);
    await expect(audit.getEvent(keyedEventId('ten_a', 'no such key'))).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });

  test('is not there before it has come itself, though its fan-out has', async () => {
    const story = aStory();
    await record(theFanOut(story));
    await expect(audit.getEvent(story.eventId)).rejects.toMatchObject({ kind: 'not_found' });
    expect((await audit.getDelivery(deliveryIn(story))).delivery?.status).toBe(DeliveryStatus.PENDING);
    await record(theEvent(story));
    expect((await audit.getEvent(story.eventId)).event?.deliveries).toHaveLength(1);
  });
});

describe('a delivery', () => {
  test('is answered with its attempts by number, in whatever order they came', async () => {
    const story = aStory();
    const last = { number: 3, responseStatus: 204, responseBody: '' };
    await record(theAttempt(story, last));
    await record(
      theFailure(story, { number: 2 }),
      theFanOut(story),
      theFailure(story, { number: 1, error: 'no' }),
      theEvent(story),
    );
    const { delivery } = await audit.getDelivery(deliveryIn(story));
    expect(delivery).toMatchObject({
      eventId: story.eventId,
      endpointId: 'ep_1',
      status: DeliveryStatus.DELIVERED,
      round: 1,
      attemptCount: 3,
      nextAttemptAt: undefined,
      createdAt: new Date(story.acceptedAtMs),
      completedAt: new Date(story.acceptedAtMs + 313),
    });
    expect(delivery?.attempts.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(delivery?.attempts[0]).toMatchObject({
      tenantId: 'ten_a',
      deliveryId: deliveryIn(story),
      eventId: story.eventId,
      eventType: 'order.paid',
      outcome: Outcome.REJECTED,
      responseStatus: 500,
      error: 'no',
      status: DeliveryStatus.RETRYING,
      nextAttemptAtMs: story.acceptedAtMs + 60_000,
      responseHeaders: { 'content-type': 'text/plain' },
      timings: { total: 12.5 },
      durationMs: 12.5,
    });
  });

  test('of a test is found by its id, and in lists where tests are asked for', async () => {
    const story = aStory({ tenantId: 'ten_tests' });
    await record(theAttempt(story, { test: true, status: DeliveryStatus.DEAD_LETTERED, reason: 'test' }));
    const { delivery } = await audit.getDelivery(deliveryIn(story), 'ten_tests');
    expect(delivery?.attempts).toEqual([expect.objectContaining({ test: true })]);
    expect((await audit.listDeliveries({}, 'ten_tests')).deliveries).toEqual([]);
    expect((await audit.listDeadLetters({}, 'ten_tests')).deadLetters).toEqual([]);
    const asked = { withTests: true, withAttempts: true };
    expect((await audit.listDeliveries(asked, 'ten_tests')).deliveries).toEqual([delivery]);
    const { deadLetters } = await audit.listDeadLetters(asked, 'ten_tests');
    expect(deadLetters).toEqual([expect.objectContaining({ delivery })]);
  });

  test('keeps its row and its attempts as they are when everything is read again', async () => {
    const story = aStory();
    const records = [
      theEvent(story),
      theFanOut(story),
      theFailure(story),
      theAttempt(story, { number: 2 }),
      theDeadLetter(story),
    ];
    await record(...records);
    // A row version changes with every write, even with one that changes nothing.
    const versions = () =>
      audit.sql(
        `select xmin::text, ctid::text from audit.events where id = $1
         union all select xmin::text, ctid::text from audit.deliveries where id = $2::uuid
         union all select xmin::text, ctid::text from audit.dead_letters where id = $2::uuid
         union all select xmin::text, ctid::text from audit.attempts where delivery_id = $2::uuid order by 1, 2`,
        [story.eventId, deliveryIn(story)],
      );
    const before = await versions();
    expect(before).toHaveLength(5);
    for (const one of records) await record(one);
    await record(...records.toReversed());
    expect(await versions()).toEqual(before);
  });

  test('of a receiver that answers NUL is recorded', async () => {
    const story = aStory();
    await record(theAttempt(story, { responseBody: '\0\0', responseHeaders: { 'x-a': '\0' } }));
    const { delivery } = await audit.getDelivery(deliveryIn(story));
    expect(delivery?.attempts[0]?.responseBody).toBe('\uFFFD\uFFFD');
    expect(delivery?.attempts[0]?.responseHeaders).toEqual({ 'x-a': '\0' });
  });
});

describe('dead letters', () => {
  test('are those deliveries that are dead now', async () => {
    const tenantId = 'ten_dead';
    const dead = aStory({ tenantId });
    const again = aStory({ tenantId });
    const delivered = aStory({ tenantId });
    const end = { status: DeliveryStatus.DEAD_LETTERED, reason: 'attempts_exhausted', nextAttemptAtMs: undefined };
    const redelivery = { round: 2, attemptCount: 1, status: DeliveryStatus.PENDING, reason: 'redelivery' };
    await record(
      ...[dead, again].flatMap((story) => [theFanOut(story), theFailure(story, end), theDeadLetter(story)]),
      theTransition(again, redelivery),
      theAttempt(delivered),
    );
    const { deadLetters } = await audit.listDeadLetters({}, tenantId);
    expect(deadLetters).toEqual([
      {
        delivery: expect.objectContaining({ id: deliveryIn(dead), status: DeliveryStatus.DEAD_LETTERED, attempts: [] }),
        deadLetteredAt: new Date(dead.acceptedAtMs + 9000),
        lastOutcome: Outcome.REJECTED,
        lastResponseStatus: 500,
        lastError: undefined,
      },
    ]);
    expect((await audit.listDeadLetters({ status: DeliveryStatus.DELIVERED }, tenantId)).deadLetters).toEqual([]);

    await record(theDeadLetter(again, { round: 2, attemptCount: 2, lastError: 'refused' }));
    const after = await audit.listDeadLetters({}, tenantId);
    expect(after.deadLetters.map(({ lastError }) => lastError)).toContain('refused');
    expect(after.deadLetters).toHaveLength(2);
  });
});

describe('a list', () => {
  const tenantId = 'ten_lists';
  const startMs = Date.now() - 3 * 24 * 60 * 60 * 1000;
  const stories = Array.from({ length: 25 }, (_, nth) =>
    aStory({
      tenantId,
      // Over three days, two at the same time.
      acceptedAtMs: startMs + Math.floor(nth / 2) * 5 * 60 * 60 * 1000,
      eventType: nth % 3 === 0 ? 'order.paid' : 'order.sent',
      subject: nth % 2 === 0 ? 'even' : 'odd',
      endpointIds: ['ep_1', `ep_only_${nth}`],
    }),
  );
  beforeAll(() => record(...stories.flatMap((story) => [theEvent(story), theFanOut(story), theAttempt(story)])));

  test('is read page by page, newest first, each item once', async () => {
    const events: string[] = [];
    const times: number[] = [];
    for (let cursor = ''; ;) {
      const page = await audit.listEvents({ limit: 4, cursor }, tenantId);
      events.push(...page.events.map(({ id }) => id));
      times.push(...page.events.map(({ acceptedAt }) => acceptedAt?.getTime() ?? 0));
      cursor = page.nextCursor;
      if (cursor === '') break;
      expect(page.events).toHaveLength(4);
    }
    expect(events.toSorted()).toEqual(stories.map(({ eventId }) => eventId).toSorted());
    expect(times).toEqual(times.toSorted((a, b) => b - a));

    const first = await audit.listDeliveries({ limit: 50 }, tenantId);
    expect(first.deliveries).toHaveLength(50);
    expect(first.nextCursor).toBe('');
    const half = await audit.listDeliveries({ limit: 25 }, tenantId);
    const rest = await audit.listDeliveries({ limit: 25, cursor: half.nextCursor }, tenantId);
    expect([...half.deliveries, ...rest.deliveries]).toEqual(first.deliveries);
  });

  test('of events is filtered by type, subject and time', async () => {
    expect((await audit.listEvents({ type: 'order.paid' }, tenantId)).events).toHaveLength(9);
    expect((await audit.listEvents({ subject: 'odd' }, tenantId)).events).toHaveLength(12);
    const since = new Date(stories[20]?.acceptedAtMs ?? 0);
    const until = new Date(stories[24]?.acceptedAtMs ?? 0);
    const some = await audit.listEvents({ since, until }, tenantId);
    expect(some.events.map(({ id }) => id).toSorted()).toEqual(
      stories
        .slice(20, 24)
        .map(({ eventId }) => eventId)
        .toSorted(),
    );
  });

  test('of deliveries is filtered by endpoint, event, type, status and subject', async () => {
    const count = async (request: object) => (await audit.listDeliveries(request, tenantId)).deliveries.length;
    expect(await count({ endpointId: 'ep_1' })).toBe(25);
    expect(await count({ endpointId: 'ep_only_3' })).toBe(1);
    expect(await count({ eventId: stories[3]?.eventId })).toBe(2);
    expect(await count({ eventType: 'order.paid' })).toBe(18);
    expect(await count({ status: DeliveryStatus.DELIVERED })).toBe(25);
    expect(await count({ status: DeliveryStatus.PENDING })).toBe(25);
    expect(await count({ status: DeliveryStatus.HELD })).toBe(0);
    expect(await count({ subject: 'odd', endpointId: 'ep_1' })).toBe(12);
    expect(await count({ since: new Date(0), until: new Date(startMs) })).toBe(0);
  });

  test('passes over as many as are asked for, and goes on by cursor from there', async () => {
    const all = await audit.listDeliveries({ limit: 50 }, tenantId);
    const page = await audit.listDeliveries({ limit: 10, offset: 20 }, tenantId);
    expect(page.deliveries).toEqual(all.deliveries.slice(20, 30));
    const next = await audit.listDeliveries({ limit: 10, cursor: page.nextCursor }, tenantId);
    expect(next.deliveries).toEqual(all.deliveries.slice(30, 40));
    expect(await audit.listDeliveries({ offset: 50 }, tenantId)).toMatchObject({ deliveries: [], nextCursor: '' });

    const events = await audit.listEvents({}, tenantId);
    expect((await audit.listEvents({ limit: 5, offset: 22 }, tenantId)).events).toEqual(events.events.slice(22));
  });

  test('counts all that there are where asked, on whichever page', async () => {
    const wanted = { limit: 4, withTotal: true };
    const first = await audit.listDeliveries({ ...wanted, eventType: 'order.paid' }, tenantId);
    const { nextCursor: cursor } = first;
    const second = await audit.listDeliveries({ ...wanted, eventType: 'order.paid', cursor }, tenantId);
    const last = await audit.listDeliveries({ ...wanted, offset: 49 }, tenantId);
    expect([first, second, last].map(({ total }) => total)).toEqual([18, 18, 50]);
    expect((await audit.listDeliveries({}, tenantId)).total).toBeUndefined();
    expect((await audit.listDeliveries({ ...wanted, endpointId: 'ep_none' }, tenantId)).total).toBe(0);
    expect((await audit.listEvents({ ...wanted, subject: 'odd' }, tenantId)).total).toBe(12);
    expect((await audit.listEvents(wanted, `${tenantId}/even`)).total).toBe(13);
    expect((await audit.listEvents({}, tenantId)).total).toBeUndefined();
    expect((await audit.listDeadLetters(wanted, tenantId)).total).toBe(0);
    const { total } = await audit.listDeadLetters({ ...wanted, statuses: [DeliveryStatus.DELIVERED] }, tenantId);
    expect(total).toBe(0);
  });

  test('of deliveries is filtered by any of several statuses', async () => {
    const { DELIVERED, PENDING, HELD } = DeliveryStatus;
    const count = async (request: object) =>
      (await audit.listDeliveries({ withTotal: true, ...request }, tenantId)).total;
    expect(await count({ statuses: [DELIVERED, HELD] })).toBe(25);
    expect(await count({ statuses: [DELIVERED], status: PENDING })).toBe(50);
    expect(await count({ statuses: [HELD] })).toBe(0);
  });

  test('of deliveries leaves out what was never tried where asked, from the count too', async () => {
    const [untried, failing] = [aStory({ tenantId: 'ten_tried' }), aStory({ tenantId: 'ten_tried' })];
    await record(theFanOut(untried), theFanOut(failing), theFailure(failing));
    const idsOf = async (request: object) => {
      const { deliveries, total } = await audit.listDeliveries({ withTotal: true, ...request }, 'ten_tried');
      return { ids: deliveries.map(({ id }) => id), total };
    };
    expect(await idsOf({})).toMatchObject({ total: 2 });
    expect(await idsOf({ triedOnly: true })).toEqual({ ids: [deliveryIn(failing)], total: 1 });
  });

  test('of deliveries brings the attempts of each where asked', async () => {
    const { deliveries } = await audit.listDeliveries({ withAttempts: true, endpointId: 'ep_1' }, tenantId);
    expect(deliveries).toHaveLength(25);
    for (const delivery of deliveries)
      expect(delivery).toEqual((await audit.getDelivery(delivery.id, tenantId)).delivery);
    const { deliveries: bare } = await audit.listDeliveries({ endpointId: 'ep_1' }, tenantId);
    expect(bare.flatMap(({ attempts }) => attempts)).toEqual([]);
  });

  test.each([
    [{ limit: 101 }, 'limit'],
    [{ offset: 10_001 }, 'offset'],
    [{ offset: 1, cursor: Buffer.from(`1.${deliveryIn(aStory())}`).toString('base64url') }, 'offset'],
    [{ statuses: [DeliveryStatus.DELIVERED, DeliveryStatus.UNSPECIFIED] }, 'statuses[1]'],
    [{ cursor: 'nonsense' }, 'cursor'],
    [{ cursor: Buffer.from('1.not-an-id').toString('base64url') }, 'cursor'],
    [{ status: DeliveryStatus.UNSPECIFIED }, 'status'],
  ])('refuses %p', async (request, path) => {
    const problem = { reason: 'INVALID_FIELD', fields: [expect.objectContaining({ path })] };
    await expect(audit.listDeliveries(request, tenantId)).rejects.toMatchObject(problem);
  });
});
