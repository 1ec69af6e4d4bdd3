import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeliveryStatus, Outcome } from '@bellwire/contracts';
import type { NewRecord } from '@bellwire/messaging';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { startAuditUnderTest, type AuditUnderTest } from '../testing/audit-under-test.ts';
import {
  aStory,
  theAttempt,
  theDeadLetter,
  theEvent,
  theFailure,
  theFanOut,
  theTransition,
  type Story,
} from '../testing/builders.ts';

let database: FreshDatabase;
let audit: AuditUnderTest;

const hourMs = 60 * 60 * 1000;
const nowMs = Date.now();
const told = (story: Story, ...records: NewRecord[]): NewRecord[] => [theEvent(story), theFanOut(story), ...records];
const dead = { status: DeliveryStatus.DEAD_LETTERED, reason: 'attempts_exhausted', nextAttemptAtMs: undefined };

const tenantId = 'ten_stats';
const user = 'user-1';
const delivered = aStory({ tenantId, acceptedAtMs: nowMs - hourMs, subject: user, endpointSubjects: [user] });
const failed = aStory({ tenantId, acceptedAtMs: nowMs - 26 * hourMs, endpointIds: ['ep_2'], eventType: 'order.sent' });
const due = aStory({ tenantId, acceptedAtMs: nowMs - 2 * hourMs, endpointIds: ['ep_3'] });
const waiting = aStory({ tenantId, acceptedAtMs: nowMs - 1000, endpointIds: ['ep_3'] });
// About the user too, but the endpoint is the tenant's.
const cancelled = aStory({ tenantId, acceptedAtMs: nowMs - 3 * hourMs, subject: user });
const tested = aStory({ tenantId, acceptedAtMs: nowMs - 5000 });

beforeAll(async () => {
  database = await freshDatabase();
  audit = await startAuditUnderTest(database);
  await audit.eventLog.produce([
    ...told(delivered, theFailure(delivered, { durationMs: 20 }), theAttempt(delivered, { number: 2, durationMs: 40 })),
    ...told(
      failed,
      ...[1, 2].map((number) => theFailure(failed, { number, durationMs: 10 })),
      theFailure(failed, { ...dead, number: 3, durationMs: 10, outcome: Outcome.TIMED_OUT, responseStatus: undefined }),
      theDeadLetter(failed, { attemptCount: 3 }),
    ),
    ...told(due, theFailure(due, { timings: { rate_limit_slot: 3, total: 12.5 } })),
    ...told(waiting, theFailure(waiting, { nextAttemptAtMs: nowMs + 24 * hourMs })),
    ...told(cancelled, theTransition(cancelled, { status: DeliveryStatus.CANCELLED, reason: 'endpoint_deleted' })),
    theAttempt(tested, { test: true }),
    ...told(aStory({ tenantId: 'ten_other', subject: 'user-1' })),
  ]);
  await audit.settled();
});
afterAll(async () => {
  await audit.close();
  await database.drop();
  expect(audit.failures).toEqual([]);
});

describe('statistics', () => {
  test('count deliveries and attempts of all endpoints, without tests', async () => {
    const { all, asOf, endpoints } = await audit.getStats({}, tenantId);
    expect(all).toEqual({
      deliveries: { delivered: 1, dead_lettered: 1, retrying: 2, cancelled: 1 },
      attempts: 7,
      outcomes: { delivered: 1, rejected: 5, timed_out: 1 },
      responseStatuses: { 200: 1, 500: 5 },
      retries: 3,
      meanDurationMs: (20 + 40 + 10 + 10 + 10 + 12.5 + 12.5) / 7,
      meanAttempts: 2.5,
      dueRetries: 1,
      lastAttemptAt: new Date(waiting.acceptedAtMs + 100),
      rateLimited: 1,
    });
    expect(asOf).toEqual(expect.any(Date));
    expect(endpoints).toEqual([]);
  });

  test('count event types, the most deliveries first', async () => {
    expect((await audit.getStats({}, tenantId)).eventTypes).toEqual([
      { eventType: 'order.paid', deliveries: 4, delivered: 1, failed: 0 },
      { eventType: 'order.sent', deliveries: 1, delivered: 0, failed: 1 },
    ]);
  });

  test('count each endpoint apart, the most failures first', async () => {
    const { all, endpoints } = await audit.getStats({ byEndpoint: true }, tenantId);
    expect(endpoints.map(({ endpointId, stats }) => [endpointId, stats?.deliveries, stats?.attempts])).toEqual([
      ['ep_2', { dead_lettered: 1 }, 3],
      ['ep_3', { retrying: 2 }, 2],
      ['ep_1', { delivered: 1, cancelled: 1 }, 2],
    ]);
    expect(endpoints[2]?.stats).toMatchObject({ retries: 1, meanDurationMs: 30, meanAttempts: 2, dueRetries: 0 });
    expect(all).toEqual((await audit.getStats({}, tenantId)).all);
  });

  test('are filtered by endpoint, event type, subject and time', async () => {
    const count = async (request: Parameters<AuditUnderTest['getStats']>[0]) => {
      const { all } = await audit.getStats(request, tenantId);
      return [all?.deliveries, all?.attempts];
    };
    expect(await count({ endpointId: 'ep_3' })).toEqual([{ retrying: 2 }, 2]);
    expect(await count({ eventType: 'order.sent' })).toEqual([{ dead_lettered: 1 }, 3]);
    expect(await count({ subject: user })).toEqual([{ delivered: 1, cancelled: 1 }, 2]);
    expect(await count({ since: new Date(delivered.acceptedAtMs) })).toEqual([{ delivered: 1, retrying: 1 }, 3]);
    expect(await count({ until: new Date(cancelled.acceptedAtMs) })).toEqual([{ dead_lettered: 1 }, 3]);
  });

  test('of nothing are zeros', async () => {
    expect((await audit.getStats({ byEndpoint: true }, 'ten_nobody')).all).toEqual({
      deliveries: {},
      attempts: 0,
      outcomes: {},
      responseStatuses: {},
      retries: 0,
      meanDurationMs: 0,
      meanAttempts: 0,
      dueRetries: 0,
      lastAttemptAt: undefined,
      rateLimited: 0,
    });
  });

  test('are of one tenant, and of the endpoints of one subject where the key has one', async () => {
    const seen = async (bearer: string, request: Parameters<AuditUnderTest['getStats']>[0] = {}) => {
      const { all, eventTypes, endpoints } = await audit.getStats({ byEndpoint: true, ...request }, bearer);
      return [all?.deliveries, eventTypes.length, endpoints.length];
    };
    expect(await seen('ten_other')).toEqual([{ pending: 1 }, 1, 1]);
    expect(await seen('ten_other', { endpointId: 'ep_2' })).toEqual([{}, 0, 0]);
    expect(await seen(`${tenantId}/user-1`)).toEqual([{ delivered: 1 }, 1, 1]);
    expect(await seen(`${tenantId}/user-2`)).toEqual([{}, 0, 0]);
    expect(await seen(`${tenantId}/user-2`, { subject: 'user-1' })).toEqual([{}, 0, 0]);
  });

  test('need the scope to read deliveries, and filters that can be', async () => {
    await expect(audit.getStats({}, `${tenantId}//events:read`)).rejects.toMatchObject({ reason: 'MISSING_SCOPE' });
    const nul = 'a\u0000';
    await expect(audit.getStats({ endpointId: nul, eventType: nul, subject: nul }, tenantId)).rejects.toMatchObject({
      reason: 'INVALID_FIELD',
      fields: [{ path: 'endpoint_id' }, { path: 'event_type' }, { path: 'subject' }],
    });
  });
});
