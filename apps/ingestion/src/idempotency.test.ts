import { beforeEach, describe, expect, test } from '@jest/globals';
import type { PublishRequest } from '@bellwire/contracts';
import { anEvent } from './doubles.ts';
import { eventIdOfKey } from './event-id-of-key.ts';
import { reservationMs } from './ports.ts';
import {
  acting,
  acceptanceUnderTest,
  outcomesOf,
  startMs,
  type AcceptanceUnderTest,
} from './testing/acceptance-under-test.ts';

let time: AcceptanceUnderTest['time'];
let eventLog: AcceptanceUnderTest['eventLog'];
let catalogue: AcceptanceUnderTest['catalogue'];
let reservations: AcceptanceUnderTest['reservations'];
let openProcess: AcceptanceUnderTest['openProcess'];
let accept: AcceptanceUnderTest['accept'];
let acceptEvents: AcceptanceUnderTest['acceptEvents'];
let stop: AcceptanceUnderTest['stop'];
let onLog: AcceptanceUnderTest['onLog'];
beforeEach(() => {
  ({ time, eventLog, catalogue, reservations, openProcess, accept, acceptEvents, stop, onLog } = acceptanceUnderTest());
});

describe('an idempotency key', () => {
  const keyed = { idempotencyKey: 'k1' };
  const id = eventIdOfKey('ten_1', 'k1', startMs);

  test('stands for one event, whatever the whitespace', async () => {
    expect(await accept(keyed)).toEqual([{ eventId: id, duplicate: false }]);
    time.nowMs += 1000;
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
    expect(other).toMatchObject({ duplicate: false, eventId: eventIdOfKey('ten_2', 'k1', startMs) });
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
    const processes = [acceptEvents, openProcess().acceptEvents];
    const answers = await Promise.all(
      Array.from({ length: 64 }, async (_, n) => {
        time.nowMs++;
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
    time.nowMs += 5000;
    expect(await accept(keyed)).toEqual([{ eventId: id, duplicate: true }]);
    expect(onLog().map(({ eventId, acceptedAtMs, repeated }) => [eventId, acceptedAtMs, repeated])).toEqual([
      [id, startMs, false],
      [id, startMs, true],
    ]);
  });

  test('after a clean restart is answered, and nothing is written', async () => {
    await accept(keyed);
    await stop();
    time.nowMs += 60_000;
    const restarted = openProcess().acceptEvents;
    expect(await restarted(acting, [anEvent(keyed)])).toEqual([{ eventId: id, duplicate: true }]);
    expect(outcomesOf(await restarted(acting, [anEvent({ ...keyed, data: '2' })]))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    expect(onLog()).toHaveLength(1);
  });

  test('after a crash before the mark is written again under the reserved acceptance time, and says so', async () => {
    await accept(keyed);
    time.nowMs += 60_000;
    const restarted = openProcess();
    expect(await restarted.acceptEvents(acting, [anEvent(keyed)])).toEqual([{ eventId: id, duplicate: true }]);
    expect(onLog().map(({ acceptedAtMs, repeated }) => [acceptedAtMs, repeated])).toEqual([
      [startMs, false],
      [startMs, true],
    ]);
    // Once: now it is marked.
    await restarted.stop();
    expect(await openProcess().acceptEvents(acting, [anEvent(keyed)])).toEqual([{ eventId: id, duplicate: true }]);
    expect(onLog()).toHaveLength(2);
  });

  test('is answered from its mark when the process has forgotten it over others', async () => {
    const forgetful = openProcess(100);
    await forgetful.acceptEvents(acting, [anEvent(keyed)]);
    catalogue.add({ id: 'ten_2' });
    const others = Array.from({ length: 300 }, (_, n) => anEvent({ idempotencyKey: `${n}` }));
    await forgetful.acceptEvents({ tenantId: 'ten_2', subject: undefined }, others);
    await forgetful.stop();
    const statements = reservations.statements.length;
    expect(await forgetful.acceptEvents(acting, [anEvent(keyed)])).toEqual([{ eventId: id, duplicate: true }]);
    expect({ asked: reservations.statements.length - statements, records: onLog().length }).toEqual({
      asked: 1,
      records: 301,
    });
  });

  test('accepted while the database was away is known to others once the mark is written', async () => {
    reservations.mode = 'fails';
    await accept(keyed);
    reservations.mode = 'works';
    await stop();
    time.nowMs += 60_000;
    const other = openProcess().acceptEvents;
    expect(await other(acting, [anEvent(keyed)])).toEqual([{ eventId: id, duplicate: true }]);
    expect(outcomesOf(await other(acting, [anEvent({ ...keyed, data: '2' })]))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    expect(onLog()).toHaveLength(1);
  });

  test('is free again after 72 hours', async () => {
    await accept(keyed);
    time.nowMs += reservationMs - 1;
    expect(outcomesOf(await accept({ ...keyed, data: '2' }))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    time.nowMs += 1;
    const newId = eventIdOfKey('ten_1', 'k1', time.nowMs);
    expect(await accept({ ...keyed, data: '2' })).toEqual([{ eventId: newId, duplicate: false }]);
    expect(onLog().at(-1)).toMatchObject({ eventId: newId, acceptedAtMs: time.nowMs, data: '2', repeated: false });
    expect(newId).not.toBe(id);
  });

  test('keeps its id for 72 hours, whenever they began', async () => {
    time.nowMs = Math.ceil(startMs / reservationMs) * reservationMs - 1;
    await accept(keyed);
    const repeat = { eventId: eventIdOfKey('ten_1', 'k1', time.nowMs), duplicate: true };
    time.nowMs += reservationMs - 1;
    // From memory, from the mark, and where the record is written once more.
    expect(await accept(keyed)).toEqual([repeat]);
    expect(await openProcess().acceptEvents(acting, [anEvent(keyed)])).toEqual([repeat]);
    await stop();
    expect(await openProcess().acceptEvents(acting, [anEvent(keyed)])).toEqual([repeat]);
    expect(new Set(onLog().map(({ eventId }) => eventId)).size).toBe(1);
  });

  test('that is free again is not taken for on the log by the mark of the event before', async () => {
    await accept(keyed);
    await stop();
    time.nowMs += reservationMs;
    eventLog.faults.failProduce(1);
    const renewed = anEvent({ ...keyed, data: '2' });
    await expect(openProcess().acceptEvents(acting, [renewed])).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    expect(await openProcess().acceptEvents(acting, [renewed])).toMatchObject([{ duplicate: true }]);
    expect(onLog().at(-1)).toMatchObject({ acceptedAtMs: time.nowMs, data: '2', repeated: true });
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
