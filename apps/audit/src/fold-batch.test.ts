import { describe, expect, test } from '@jest/globals';
import { DeliveryStatus, type Transition } from '@bellwire/contracts';
import { statusRank } from '@bellwire/domain';
import type { NewRecord } from '@bellwire/messaging';
import fc from 'fast-check';
import { mergeDeliveries } from './delivery-state.ts';
import { foldBatch, mergeDeadLetters, mergeEvents, type Gathered } from './fold-batch.ts';
import { historyEntries } from './history-record.ts';
import type { Rows } from './rows.ts';
import {
  aStory,
  theAttempt,
  theDeadLetter,
  theEvent,
  theFailure,
  theFanOut,
  theTransition,
} from './testing/builders.ts';

const story = aStory({ acceptedAtMs: Date.UTC(2026, 7, 1, 12), endpointIds: ['ep_1', 'ep_2'], subject: 'user-1' });

const gathered = ({ topic, value }: NewRecord): Gathered[] =>
  historyEntries({ topic, value, headers: {} }).map((entry) => ({
    record: { topic, partition: 0, offset: 0, timestampMs: 0 },
    change: entry.decode(),
    isLast: true,
  }));
const fold = (records: readonly NewRecord[]): Rows => foldBatch(records.flatMap(gathered));
const deliveryAfter = (records: readonly NewRecord[]) =>
  fold(records).deliveries.find(({ endpointId }) => endpointId === 'ep_1');

/** What the store has after these batches: it merges rows as the fold does. */
const afterBatches = (batches: readonly (readonly NewRecord[])[]) => {
  const tables = { events: new Map(), deliveries: new Map(), attempts: new Map(), deadLetters: new Map() };
  const put = <Row extends { id: string }>(
    table: Map<string, Row>,
    rows: readonly Row[],
    merge: (a: Row, b: Row) => Row,
  ) => {
    for (const row of rows) {
      const known = table.get(row.id);
      table.set(row.id, known === undefined ? row : merge(known, row));
    }
  };
  for (const batch of batches) {
    const rows = fold(batch);
    put(tables.events, rows.events, mergeEvents);
    put(tables.deliveries, rows.deliveries, mergeDeliveries);
    put(tables.attempts, rows.attempts, (first) => first);
    put(tables.deadLetters, rows.deadLetters, mergeDeadLetters);
  }
  return tables;
};

/** A life with two rounds, a hold, a dead letter of each round, a repeated attempt and records of equal times. */
const life: readonly NewRecord[] = [
  theEvent(story),
  theFanOut(story),
  theFanOut(story, { plannedAtMs: story.acceptedAtMs + 400, excludedCounts: { filter: 1 } }),
  theFailure(story, { number: 1 }),
  theFailure(story, { number: 2 }),
  theFailure(story, { number: 2, startedAtMs: story.acceptedAtMs + 230 }),
  theTransition(story, { attemptCount: 2 }),
  theTransition(story, {
    attemptCount: 2,
    status: DeliveryStatus.PENDING,
    reason: '',
    atMs: story.acceptedAtMs + 6000,
  }),
  theFailure(story, {
    number: 3,
    status: DeliveryStatus.DEAD_LETTERED,
    reason: 'attempts_exhausted',
    nextAttemptAtMs: undefined,
  }),
  theDeadLetter(story, { attemptCount: 3 }),
  theTransition(story, {
    round: 2,
    attemptCount: 3,
    status: DeliveryStatus.PENDING,
    reason: 'redelivery',
    atMs: story.acceptedAtMs + 20_000,
  }),
  theDeadLetter(story, { round: 2, attemptCount: 4, deadLetteredAtMs: story.acceptedAtMs + 30_000 }),
  theAttempt(story, { number: 1 }, 1),
];

describe('the rows of a history', () => {
  test('are the same in any order, in any batches, with any repeats', () => {
    const expected = afterBatches([life]);
    const shuffled = fc
      .tuple(fc.shuffledSubarray([...life], { minLength: life.length }), fc.shuffledSubarray([...life]))
      .chain(([all, repeats]) => fc.shuffledSubarray([...all, ...repeats], { minLength: all.length + repeats.length }));
    fc.assert(
      fc.property(
        shuffled,
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 30, maxLength: 30 }),
        (records, sizes) => {
          const batches: NewRecord[][] = [];
          let at = 0;
          for (const size of sizes) batches.push(records.slice(at, (at += size)));
          batches.push(records.slice(at));
          expect(afterBatches(batches)).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('are the same for any states of one delivery', () => {
    const state = fc.record({
      round: fc.integer({ min: 1, max: 3 }),
      attemptCount: fc.nat(3),
      status: fc.constantFrom(...Object.values(DeliveryStatus).slice(1, -1)),
      reason: fc.constantFrom('', 'retry', 'deadline'),
      atMs: fc.integer({ min: story.acceptedAtMs, max: story.acceptedAtMs + 3 }),
      nextAttemptAtMs: fc.option(fc.constantFrom(1, 2), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(state, { minLength: 2, maxLength: 8 }), fc.nat(8), (states, cut) => {
        const records = states.map((given: Partial<Transition>) => theTransition(story, given));
        const whole = deliveryAfter(records);
        expect(deliveryAfter(records.toReversed())).toEqual(whole);
        const [row] = afterBatches([records.slice(cut), records.slice(0, cut)]).deliveries.values();
        expect(row).toEqual(whole);
      }),
    );
  });
});

describe('the state of a delivery', () => {
  test('is that of the last attempt, though it arrives first', () => {
    const row = deliveryAfter([theAttempt(story, { number: 2 }), theFailure(story, { number: 1 }), theFanOut(story)]);
    expect(row).toMatchObject({ status: 'delivered', round: 1, attemptCount: 2, nextAttemptAtMs: undefined });
    expect(row?.completedAtMs).toBe(story.acceptedAtMs + 200 + 13);
  });

  test('is held where the endpoint is disabled while a retry waits', () => {
    const row = deliveryAfter([theTransition(story, { attemptCount: 1 }), theFailure(story, { number: 1 })]);
    expect(row).toMatchObject({ status: 'held', reason: 'endpoint_disabled', attemptCount: 1 });
  });

  test('is the greater rank where the times are equal', () => {
    const atMs = story.acceptedAtMs + 113;
    const row = deliveryAfter([theTransition(story, { attemptCount: 1, atMs }), theFailure(story, { number: 1 })]);
    expect(statusRank.retrying).toBeGreaterThan(statusRank.held);
    expect(row?.status).toBe('retrying');
  });

  test('is not moved back from its end by what happened later in the same attempt', () => {
    const row = deliveryAfter([
      theAttempt(story),
      theTransition(story, { attemptCount: 1, atMs: story.acceptedAtMs + 9e6 }),
    ]);
    expect(row?.status).toBe('delivered');
  });

  test('is open again after a redelivery', () => {
    const again = { round: 2, attemptCount: 1, status: DeliveryStatus.PENDING, reason: 'redelivery' };
    const row = deliveryAfter([theAttempt(story), theTransition(story, again)]);
    expect(row).toMatchObject({ status: 'pending', reason: 'redelivery', round: 2, completedAtMs: undefined });
  });

  test('counts an attempt of an older round that comes late', () => {
    const again = { round: 2, attemptCount: 3, status: DeliveryStatus.PENDING, reason: 'redelivery' };
    const row = deliveryAfter([theTransition(story, again), theFailure(story, { number: 4 })]);
    expect(row).toMatchObject({ status: 'pending', round: 2, attemptCount: 4 });
  });

  test('is seen by whom its endpoint belonged to in that state', () => {
    const given = { ...story, endpointSubjects: ['user-1'] };
    const again = { round: 2, attemptCount: 1, status: DeliveryStatus.PENDING, endpointSubject: undefined };
    const records = [theFanOut(given), theFailure(given)];
    expect(deliveryAfter(records)?.endpointSubject).toBe('user-1');
    const row = deliveryAfter([theTransition(story, again), ...records]);
    expect(row).toMatchObject({ subject: 'user-1', endpointSubject: undefined });
  });

  test('of a test is flagged', () => {
    expect(deliveryAfter([theAttempt(story, { test: true })])?.isTest).toBe(true);
  });
});

describe('a row', () => {
  test('holds no NUL, which Postgres refuses', () => {
    const [attempt] = fold([theAttempt(story, { responseBody: 'a\0b', responseHeaders: { x: '\0' } })]).attempts;
    expect(attempt?.responseBody).toBe('a\uFFFDb');
    expect(attempt?.responseHeaders).toBe(String.raw`{"x":"\u0000"}`);
  });
});

describe('a record that audit cannot read', () => {
  test.each([
    ['events', new Uint8Array([0xff, 0xff])],
    ['events', new Uint8Array()],
    ['audit', new Uint8Array()],
    ['dead-letters', new Uint8Array()],
    ['elsewhere', new Uint8Array()],
  ])('of %s is refused with a sentence', (topic, bytes) => {
    expect(() => historyEntries({ topic, value: bytes, headers: {} }).map((entry) => entry.decode())).toThrow(Error);
  });
});

describe('a plan in several records', () => {
  const [part, rest] = [
    theFanOut(aStory({ ...story, endpointIds: ['ep_1'] }), { isPart: true }),
    theFanOut(aStory({ ...story, endpointIds: ['ep_2'] }), { excludedCounts: { filter: 7 } }),
  ];

  test.each([
    ['in order', [part, rest]],
    ['in another order, with repeats', [rest, part, rest, part]],
  ])('is all of its deliveries and what the last says, %s', (_, records) => {
    const { events, deliveries } = afterBatches(records.map((record) => [record]));
    expect(new Set([...deliveries.values()].map(({ endpointId }) => endpointId))).toEqual(new Set(['ep_1', 'ep_2']));
    expect([...events.values()].map(({ plan }) => plan?.excludedCounts)).toEqual(['{"filter":7}']);
  });

  test('is not said to be planned before the last has come', () => {
    expect(afterBatches([[theEvent(story), part]]).events.get(story.eventId)?.plan).toBeUndefined();
  });
});
