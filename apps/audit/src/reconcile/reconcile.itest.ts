import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeliveryStatus, type ReconcileResponse } from '@bellwire/contracts';
import { simulatedLog, topicSpecs, type NewRecord, type SimulatedLog } from '@bellwire/messaging';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { startAuditUnderTest, until, yes, type AuditUnderTest } from '../testing/audit-under-test.ts';
import {
  aStory,
  deliveryIn,
  theAttempt,
  theEvent,
  theFailure,
  theFanOut,
  theTransition,
  type Story,
} from '../testing/builders.ts';
import { theDelivery, workOff } from '../testing/working-off.ts';

const hourMs = 60 * 60 * 1000;
const hourAgo = (): number => Date.now() - hourMs;
const tiers = [
  { name: '1s', delayMs: 1000 },
  { name: '8h', delayMs: 8 * hourMs },
];

let database: FreshDatabase;
let eventLog: SimulatedLog;
let audit: AuditUnderTest;
let dispatcher: Awaited<ReturnType<typeof workOff>>;
/** Runs when a check asks the log what is live. */
let whileChecking: () => Promise<void> = async () => undefined;

beforeAll(async () => {
  database = await freshDatabase();
  eventLog = simulatedLog();
  await eventLog.topics(topicSpecs({ partitions: 4, tiers }));
  const commits: SimulatedLog['commits'] = async (group, topics) => {
    await whileChecking();
    return eventLog.commits(group, topics);
  };
  const reconcile = { intervalMs: 0, graceMs: 60_000, tiers: tiers.map(({ name }) => name) };
  audit = await startAuditUnderTest({
    ...database,
    eventLog,
    deps: { reconcile, eventLog: { ...eventLog, commits } },
  });
  dispatcher = await workOff(eventLog);
});
afterAll(async () => {
  await dispatcher.close();
  await audit.close();
  await database.drop();
  expect(audit.failures).toEqual([]);
});

const record = async (...records: NewRecord[]): Promise<void> => {
  await eventLog.produce(records);
  await audit.settled();
};

/** What a check says that began after this was called. */
const checked = async (bearer: string, tenant?: string): Promise<ReconcileResponse> => {
  const sinceMs = Date.now();
  return until('a new check', async () => {
    const answer = await audit.reconcile({ limit: 100 }, bearer, tenant);
    return !answer.underWay && (answer.checkedAt?.getTime() ?? 0) >= sinceMs ? answer : undefined;
  });
};
const idsIn = ({ missing }: ReconcileResponse): string[] =>
  missing.map(({ deliveryId, eventId }) => deliveryId ?? eventId);

/** A pending delivery of an hour ago, for a tenant of its own where none is given. */
let tenants = 0;
const aTenant = (): string => `ten_${++tenants}`;
const planned = (tenantId: string, given: Partial<Omit<Story, 'deliveryIds'>> = {}) => {
  const story = aStory({ acceptedAtMs: hourAgo(), tenantId, ...given });
  return { story, records: [theEvent(story), theFanOut(story)] };
};

describe('the check', () => {
  test('finds a delivery that was accepted, is past its time, and of which nothing is on the log', async () => {
    const tenantId = aTenant();
    const { story, records } = planned(tenantId, { subject: 'user-1' });
    await record(...records);
    const answer = await checked(tenantId);
    expect(answer).toMatchObject({ missingCount: 1, nextCursor: '' });
    expect(answer.missing).toMatchObject([
      {
        tenantId,
        eventId: story.eventId,
        eventType: 'order.paid',
        deliveryId: deliveryIn(story),
        endpointId: 'ep_1',
        subject: 'user-1',
        status: DeliveryStatus.PENDING,
        round: 1,
        attemptCount: 0,
        acceptedAt: new Date(story.acceptedAtMs),
        lastChangeAt: new Date(story.acceptedAtMs + 2),
      },
    ]);
    const foundAt = answer.missing[0]?.foundAt;
    expect(answer.checkedAt).toEqual(foundAt);
    // A later check finds it still, since then.
    expect((await checked(tenantId)).missing).toMatchObject([{ deliveryId: deliveryIn(story), foundAt }]);
  });

  test('finds an event that was accepted and never fanned out, unless the router has it', async () => {
    const tenantId = aTenant();
    const lost = aStory({ acceptedAtMs: hourAgo(), tenantId });
    const inHand = aStory({ acceptedAtMs: hourAgo(), tenantId });
    dispatcher.keep(inHand.eventId);
    await record(theEvent(lost), theEvent(inHand));
    const answer = await checked(tenantId);
    expect(answer.missing).toMatchObject([{ eventId: lost.eventId, tenantId, eventType: 'order.paid' }]);
    expect(answer.missing[0]?.deliveryId).toBeUndefined();
  });

  test('passes over what waits in a tier, is in hand, is not due, or has ended', async () => {
    const tenantId = aTenant();
    const stories = Array.from({ length: 8 }, () => planned(tenantId));
    const [inTier, inHand, heldInTier, inFuture, delivered, skipped, unplanned, lost] = stories.map(
      ({ story }) => story,
    );
    if (!inTier || !inHand || !heldInTier || !inFuture || !delivered || !skipped || !unplanned || !lost)
      throw new Error();
    dispatcher.keep(deliveryIn(inHand));
    // Its event is not settled: a template may be on its way.
    dispatcher.keep(unplanned.eventId);
    const young = aStory({ tenantId, acceptedAtMs: Date.now() - 5000 });
    await record(
      ...stories.flatMap(({ records }) => records),
      theFailure(inTier, { nextAttemptAtMs: hourAgo() + 1000 }),
      theDelivery(inTier, { attempt: 2, tier: '1s' }),
      theDelivery(inHand),
      theTransition(heldInTier),
      theDelivery(heldInTier, { tier: '8h' }),
      theFailure(inFuture, { nextAttemptAtMs: Date.now() + hourMs }),
      theAttempt(delivered),
      theTransition(skipped, { status: DeliveryStatus.SKIPPED, reason: 'quiet_hours' }),
      theEvent(young),
      theFanOut(young),
      theFailure(lost, { nextAttemptAtMs: hourAgo() + 1000 }),
    );
    await until('what is in hand', () => yes(dispatcher.inHand() >= 2));
    expect(idsIn(await checked(tenantId))).toEqual([deliveryIn(lost)]);

    dispatcher.dropKept();
    const wanted = [inHand, unplanned, lost].map((story) => deliveryIn(story)).sort();
    const found = await until('what was dropped', async () => {
      const ids = idsIn(await checked(tenantId)).sort();
      return ids.length === 3 ? ids : undefined;
    });
    expect(found).toEqual(wanted);
  });

  test('does not take a record of an older round for a live one', async () => {
    const tenantId = aTenant();
    const { story: stale, records: one } = planned(tenantId);
    const { story: live, records: other } = planned(tenantId);
    const again = { round: 2, status: DeliveryStatus.PENDING, reason: 'redelivery', atMs: hourAgo() + 60_000 };
    await record(
      ...one,
      ...other,
      theTransition(stale, again),
      theDelivery(stale, { tier: '8h', round: 1 }),
      theTransition(live, again),
      theDelivery(live, { tier: '8h', round: 2 }),
    );
    expect(idsIn(await checked(tenantId))).toEqual([deliveryIn(stale)]);
  });

  test('does not report what ended while it looked, though audit had not recorded that yet', async () => {
    const tenantId = aTenant();
    const { story, records } = planned(tenantId);
    const { story: lost, records: others } = planned(tenantId);
    await record(...records, ...others);
    whileChecking = async () => void (await eventLog.produce([theAttempt(story)]));
    const answer = await checked(tenantId);
    whileChecking = async () => undefined;
    expect(idsIn(answer)).toEqual([deliveryIn(lost)]);
  });
});

describe('the answer', () => {
  test('leaves out a delivery as soon as it goes on', async () => {
    const tenantId = aTenant();
    const { story, records } = planned(tenantId);
    await record(...records);
    expect(idsIn(await checked(tenantId))).toEqual([deliveryIn(story)]);
    await record(
      theTransition(story, { round: 2, status: DeliveryStatus.PENDING, reason: 'redelivery', atMs: Date.now() }),
    );
    expect(await audit.reconcile({}, tenantId)).toMatchObject({ missing: [], missingCount: 0 });
  });

  test('is of the tenant alone, of the endpoints of a subject, or of all tenants for an admin', async () => {
    const [one, other] = [aTenant(), aTenant()];
    const ofOne = planned(one, { endpointIds: ['ep_1', 'ep_2'], endpointSubjects: ['user-1', undefined] });
    const ofOther = planned(other);
    await record(...ofOne.records, ...ofOther.records);
    expect(idsIn(await checked(one)).sort()).toEqual([...ofOne.story.deliveryIds].sort());
    expect(idsIn(await audit.reconcile({}, other))).toEqual([deliveryIn(ofOther.story)]);
    const forSubject = await audit.reconcile({}, `${one}/user-1`);
    expect(idsIn(forSubject)).toEqual([deliveryIn(ofOne.story)]);
    expect(forSubject.missingCount).toBe(1);
    expect(idsIn(await audit.reconcile({}, 'admin', other))).toEqual([deliveryIn(ofOther.story)]);
    const all = idsIn(await audit.reconcile({ limit: 100 }, 'admin'));
    expect(all).toEqual(expect.arrayContaining([...ofOne.story.deliveryIds, deliveryIn(ofOther.story)]));
    await expect(audit.reconcile({}, one, other)).rejects.toMatchObject({ reason: 'NOT_FOUND' });
    await expect(audit.reconcile({}, `${one}//events:read`)).rejects.toMatchObject({ reason: 'MISSING_SCOPE' });
  });

  test('comes in pages, newest first', async () => {
    const tenantId = aTenant();
    const stories = Array.from({ length: 5 }, (_, n) => planned(tenantId, { acceptedAtMs: hourAgo() + n * 1000 }));
    await record(...stories.flatMap(({ records }) => records));
    await checked(tenantId);
    const got: string[] = [];
    let cursor = '';
    do {
      const page = await audit.reconcile({ limit: 2, cursor }, tenantId);
      expect(page.missingCount).toBe(5);
      expect(page.missing.length).toBeLessThanOrEqual(2);
      got.push(...idsIn(page));
      cursor = page.nextCursor;
    } while (cursor !== '');
    expect(got).toEqual(stories.map(({ story }) => deliveryIn(story)).toReversed());
    await expect(audit.reconcile({ cursor: 'x' }, tenantId)).rejects.toMatchObject({ reason: 'INVALID_FIELD' });
  });
});
