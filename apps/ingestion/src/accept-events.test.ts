import { beforeEach, describe, expect, test } from '@jest/globals';
import { EventRecord, EventTypePolicy, type PublishRequest } from '@bellwire/contracts';
import { keyedEventId } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { batchingProducer, simulatedLog, type SimulatedLog } from '@bellwire/messaging';
import { makeAcceptEvents, type AcceptEvents } from './accept-events.ts';
import { makeCheckSchema } from './check-schema.ts';
import { makeCheckRepresentable } from './check-representable.ts';
import { makeCheckTypes } from './check-types.ts';
import {
  anEvent,
  fakeCatalogue,
  memoryReservations,
  silentLog,
  type FakeCatalogue,
  type MemoryReservations,
} from './doubles.ts';
import { makeIdentifyEvents } from './identify-events.ts';
import { makeKeyedMemory } from './keyed-memory.ts';
import { orderedTurns } from './ordered-turns.ts';
import { reservationMs } from './ports.ts';
import { makeKeyReserver } from './reserve-keys.ts';
import { makeWriteEvents } from './write-events.ts';

const acting = { tenantId: 'ten_1', subject: undefined };
const startMs = Date.UTC(2026, 5, 1);
let nowMs: number;
let eventLog: SimulatedLog;
let catalogue: FakeCatalogue;
let reservations: MemoryReservations;
let learned: string[];
let warnings: string[];
let acceptEvents: AcceptEvents;

/** Acceptance of one process; several share log and reservations. */
const makeAcceptance = (): AcceptEvents => {
  const clock = { now: () => nowMs };
  const memory = makeKeyedMemory();
  const reserver = makeKeyReserver({ reservations, clock, log: silentLog, timeoutMs: 50, probeMs: 5 });
  return makeAcceptEvents({
    clock,
    log: silentLog,
    maxPayloadBytes: 1024,
    checkTypes: makeCheckTypes({
      catalogue,
      checkSchema: makeCheckSchema({ onBrokenSchema: () => undefined }),
      checkRepresentable: makeCheckRepresentable((...warning) => void warnings.push(warning.join(' '))),
      learnType: (tenantId, name) => void learned.push(`${tenantId}/${name}`),
    }),
    identifyEvents: makeIdentifyEvents(reserver, memory),
    writeEvents: makeWriteEvents({ clock, memory, produce: batchingProducer(eventLog).produce }),
  });
};

beforeEach(() => {
  nowMs = startMs;
  eventLog = simulatedLog({ partitions: 4 });
  catalogue = fakeCatalogue();
  catalogue.add({ id: 'ten_1' }, [{ name: 'order.paid' }]);
  reservations = memoryReservations();
  learned = [];
  warnings = [];
  acceptEvents = makeAcceptance();
});

const onLog = () =>
  eventLog.records('events').map(({ value, key }) => ({ key, ...EventRecord.decode(value ?? new Uint8Array()) }));
const accept = (...events: Partial<PublishRequest>[]) => acceptEvents(acting, events.map(anEvent));
const outcomesOf = (answers: readonly unknown[]) =>
  answers.map((answer) => (answer instanceof Fault ? answer.reason : answer));

describe('accepting events', () => {
  test('answers with the id under which the log has the event', async () => {
    const [answer] = await accept({ subject: 'u1', orderingKey: 'o1', actionUrls: { open: 'https://a.example/' } });
    expect(answer).toEqual({ eventId: expect.stringMatching(/^evt_/), duplicate: false });
    expect(onLog()).toEqual([
      {
        key: 'ten_1/o1',
        tenantId: 'ten_1',
        eventId: answer instanceof Fault ? '' : answer?.eventId,
        type: 'order.paid',
        data: '{"amount":1.0}',
        subject: 'u1',
        orderingKey: 'o1',
        idempotencyKey: undefined,
        occurredAtMs: startMs,
        acceptedAtMs: startMs,
        actionUrls: { open: 'https://a.example/' },
      },
    ]);
  });

  test('keys a record by the event id where there is an idempotency key, and else not at all', async () => {
    await accept({}, { idempotencyKey: 'once' });
    expect(onLog().map(({ key, eventId }) => (key === eventId ? 'event id' : key))).toEqual(['', 'event id']);
  });

  test('refuses a bad event alone', async () => {
    const answers = await accept({}, { type: '!' }, { data: 'x'.repeat(2000) }, {});
    expect(outcomesOf(answers)).toEqual([expect.anything(), 'INVALID_FIELD', 'PAYLOAD_TOO_LARGE', expect.anything()]);
    expect(onLog()).toHaveLength(2);
  });

  test('rejects all and never says accepted while the log fails', async () => {
    eventLog.faults.failProduce(1);
    await expect(accept({}, { idempotencyKey: 'k' })).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    expect(onLog()).toHaveLength(0);
  });

  test('keeps the order of a stream although some events wait for a reservation', async () => {
    const turns = orderedTurns();
    const same = { orderingKey: 'o' };
    const calls = [
      [anEvent({ ...same, data: '1', idempotencyKey: 'slow' })],
      [anEvent({ ...same, data: '2' })],
      [anEvent({ ...same, data: '3', idempotencyKey: 'slower' })],
      [anEvent({ ...same, data: '4' })],
    ].map((events) => acceptEvents(acting, events, turns));
    await Promise.all(calls);
    expect(onLog().map(({ data }) => data)).toEqual(['1', '2', '3', '4']);
  });
});

describe('the catalogue', () => {
  test('an unknown tenant is looked for once more, then refused', async () => {
    catalogue.addLater({ id: 'ten_2' });
    expect(await acceptEvents({ tenantId: 'ten_2', subject: undefined }, [anEvent()])).toHaveLength(1);
    const unknown = acceptEvents({ tenantId: 'ten_3', subject: undefined }, [anEvent()]);
    await expect(unknown).rejects.toMatchObject({ reason: 'UNKNOWN_TENANT' });
    expect(catalogue.questions()).toBe(2);
  });

  test('a new type of an open tenant is accepted and learned, without a question', async () => {
    await accept({ type: 'brand.new' }, {});
    expect(learned).toEqual(['ten_1/brand.new']);
    expect(catalogue.questions()).toBe(0);
  });

  test('a strict tenant may use a type as soon as it was created, and no other', async () => {
    catalogue.add({ id: 'ten_1', eventTypePolicy: EventTypePolicy.STRICT });
    catalogue.addLater({ id: 'ten_1', eventTypePolicy: EventTypePolicy.STRICT }, [{ name: 'just.created' }]);
    const answers = await accept({ type: 'just.created' }, { type: 'never.created' }, {});
    expect(outcomesOf(answers)).toEqual([
      expect.anything(),
      'UNKNOWN_EVENT_TYPE',
      expect.objectContaining({ duplicate: false }),
    ]);
    expect(catalogue.questions()).toBe(1);
    expect(learned).toEqual([]);
  });

  test('an archived type is refused', async () => {
    catalogue.add({ id: 'ten_1' }, [{ name: 'old', archived: true }]);
    expect(outcomesOf(await accept({ type: 'old' }))).toEqual(['ARCHIVED_EVENT_TYPE']);
  });

  test('data must fit the schema of its type', async () => {
    catalogue.add({ id: 'ten_1' }, [{ name: 'order.paid', schema: '{"required":["amount"]}' }]);
    expect(outcomesOf(await accept({ data: '{}' }, {}))).toEqual(['SCHEMA_VIOLATION', expect.anything()]);
  });

  test('data that receivers of the dialect would write anew is refused alone, and says why', async () => {
    catalogue.add({ id: 'ten_1', dialect: 'hub' });
    const answers = await accept({ data: '{"amount":1.0}' }, { data: '{ "amount": 1 }' });
    expect(outcomesOf(answers)).toEqual(['PAYLOAD_NOT_REPRESENTABLE', expect.objectContaining({ duplicate: false })]);
    expect(answers[0]).toMatchObject({ message: expect.stringContaining('JSON.stringify(JSON.parse(body))') });
    catalogue.add({ id: 'ten_1', dialect: 'contribux' });
    expect(outcomesOf(await accept({ data: '{"amount":1.0}' }))).toEqual([expect.anything()]);
  });

  test('data that the dialect has no place for is refused alone, and says why', async () => {
    catalogue.add({ id: 'ten_1', dialect: 'aifai' });
    const answers = await accept({ data: '[1]' }, { data: '{"id":1.0}' }, { data: 'null' });
    const refusal = 'PAYLOAD_NOT_REPRESENTABLE';
    expect(outcomesOf(answers)).toEqual([refusal, expect.objectContaining({ duplicate: false }), refusal]);
    expect(answers[0]).toMatchObject({ message: expect.stringContaining('data that is an object') });
  });

  test('data that some receivers of the dialect refuse is accepted with a warning, once for its type', async () => {
    catalogue.add({ id: 'ten_1', dialect: 'notely' });
    const answers = await accept({ data: '{"a":"é"}' }, { data: '{"a":"é"}' }, { data: '{"a":"e"}' });
    expect(answers.map((answer) => answer instanceof Fault)).toEqual([false, false, false]);
    expect(warnings).toEqual([expect.stringMatching(/^ten_1 order.paid .*Python/)]);
  });

  test("another tenant's types are not ours", async () => {
    catalogue.add({ id: 'ten_2', eventTypePolicy: EventTypePolicy.STRICT });
    const [answer] = await acceptEvents({ tenantId: 'ten_2', subject: undefined }, [anEvent()]);
    expect(answer).toMatchObject({ reason: 'UNKNOWN_EVENT_TYPE' });
  });
});

describe('an idempotency key', () => {
  const keyed = { idempotencyKey: 'k1' };
  const id = keyedEventId('ten_1', 'k1');

  test('stands for one event, whatever the whitespace', async () => {
    expect(await accept(keyed)).toEqual([{ eventId: id, duplicate: false }]);
    nowMs += 1000;
    expect(await accept({ ...keyed, data: '{ "amount" : 1.0 }' })).toEqual([{ eventId: id, duplicate: true }]);
    expect(onLog()).toHaveLength(1);
  });

  test.each<[string, Partial<PublishRequest>]>([
    ['type', { type: 'order.lost' }],
    ['data', { data: '{"amount":1}' }],
    ['subject', { subject: 'u1' }],
    ['ordering key', { orderingKey: 'o1' }],
    ['time', { occurredAt: new Date(startMs) }],
    ['links', { actionUrls: { open: 'https://a.example/' } }],
  ])('with another %s is refused', async (_name, change) => {
    await accept(keyed);
    expect(outcomesOf(await accept({ ...keyed, ...change }))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    expect(onLog()).toHaveLength(1);
  });

  test('means something else for another tenant', async () => {
    catalogue.add({ id: 'ten_2' });
    await accept(keyed);
    const [other] = await acceptEvents({ tenantId: 'ten_2', subject: undefined }, [anEvent({ ...keyed, data: '2' })]);
    expect(other).toMatchObject({ duplicate: false, eventId: keyedEventId('ten_2', 'k1') });
  });

  test('means something else for each subject of a key, and for a key without one', async () => {
    const acceptFor = async (subject: string | undefined, data: string) =>
      outcomesOf(await acceptEvents({ tenantId: 'ten_1', subject }, [anEvent({ ...keyed, data })]));
    const callers = [undefined, 'u1', 'u2', 'bellwire', ''];
    const ids: unknown[] = [];
    for (const [nth, subject] of callers.entries()) {
      const [answer] = await acceptFor(subject, `${nth}`);
      expect(answer).toMatchObject({ duplicate: false });
      ids.push(answer);
      expect(await acceptFor(subject, `${nth}`)).toMatchObject([{ duplicate: true }]);
      expect(await acceptFor(subject, '"another"')).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    }
    expect(ids[0]).toEqual({ eventId: id, duplicate: false });
    expect(onLog().map(({ idempotencyKey }) => idempotencyKey)).toEqual(callers.map(() => 'k1'));
    expect(new Set(onLog().map(({ eventId }) => eventId)).size).toBe(callers.length);
  });

  test('of the tenant is not that of a subject whose event names the same user', async () => {
    await accept({ ...keyed, subject: 'u1' });
    const [own] = await acceptEvents({ tenantId: 'ten_1', subject: 'u1' }, [anEvent(keyed)]);
    expect(own).toMatchObject({ duplicate: false });
  });

  test('twice in one call is one event, and another body beside it is refused', async () => {
    expect(outcomesOf(await accept(keyed, keyed, { ...keyed, data: '2' }, {}))).toEqual([
      { eventId: id, duplicate: false },
      { eventId: id, duplicate: true },
      'IDEMPOTENCY_KEY_REUSED',
      expect.objectContaining({ duplicate: false }),
    ]);
    expect(onLog()).toHaveLength(2);
  });

  test('in many calls at once, in two processes, is one event and one acceptance time', async () => {
    const processes = [acceptEvents, makeAcceptance()];
    const answers = await Promise.all(
      Array.from({ length: 64 }, async (_, n) => {
        nowMs++;
        return processes[n % 2]?.(acting, [anEvent({ ...keyed, data: n % 3 === 0 ? '0' : '1' })]);
      }),
    );
    const outcomes = outcomesOf(answers.flatMap((answer) => answer ?? []));
    expect(outcomes.filter((outcome) => outcome === 'IDEMPOTENCY_KEY_REUSED')).toHaveLength(42);
    expect(
      new Set(outcomes.filter((outcome) => typeof outcome === 'object').map((outcome) => JSON.stringify(outcome))).size,
    ).toBe(2);
    expect(new Set(onLog().map(({ eventId, acceptedAtMs, data }) => `${eventId} ${acceptedAtMs} ${data}`)).size).toBe(
      1,
    );
    expect(onLog().length).toBeLessThanOrEqual(2);
  });

  test('whose first try failed at the log is tried under the same id and acceptance time', async () => {
    eventLog.faults.loseProduceAck(1);
    await expect(accept(keyed)).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    nowMs += 5000;
    expect(await accept(keyed)).toEqual([{ eventId: id, duplicate: true }]);
    expect(onLog().map(({ eventId, acceptedAtMs }) => [eventId, acceptedAtMs])).toEqual([
      [id, startMs],
      [id, startMs],
    ]);
  });

  test('after a restart is written again under the reserved acceptance time', async () => {
    await accept(keyed);
    nowMs += 60_000;
    const restarted = makeAcceptance();
    expect(await restarted(acting, [anEvent(keyed)])).toEqual([{ eventId: id, duplicate: true }]);
    expect(onLog().map(({ acceptedAtMs }) => acceptedAtMs)).toEqual([startMs, startMs]);
  });

  test('is free again after 72 hours', async () => {
    await accept(keyed);
    nowMs += reservationMs - 1;
    expect(outcomesOf(await accept({ ...keyed, data: '2' }))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    nowMs += 1;
    expect(await accept({ ...keyed, data: '2' })).toEqual([{ eventId: id, duplicate: false }]);
    expect(onLog().at(-1)).toMatchObject({ acceptedAtMs: nowMs, data: '2' });
  });

  test.each(['fails', 'hangs'] as const)('is accepted under its derived id while the database %s', async (mode) => {
    reservations.mode = mode;
    const answers = await Promise.all([
      accept(keyed),
      accept(keyed),
      accept({ ...keyed, data: '2' }),
      accept(keyed, {}),
    ]);
    expect(outcomesOf(answers.flat())).toEqual([
      { eventId: id, duplicate: false },
      { eventId: id, duplicate: true },
      'IDEMPOTENCY_KEY_REUSED',
      { eventId: id, duplicate: true },
      expect.objectContaining({ duplicate: false }),
    ]);
    expect(onLog()).toHaveLength(2);
  });
});

test('an event without a key asks the database nothing', async () => {
  await accept({}, {});
  expect(reservations.statements).toEqual([]);
});
