import { beforeEach, describe, expect, test } from '@jest/globals';
import { EventTypePolicy } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { anEvent } from './doubles.ts';
import { orderedTurns } from './ordered-turns.ts';
import {
  acting,
  acceptanceUnderTest,
  outcomesOf,
  startMs,
  type AcceptanceUnderTest,
} from './testing/acceptance-under-test.ts';

let eventLog: AcceptanceUnderTest['eventLog'];
let catalogue: AcceptanceUnderTest['catalogue'];
let learned: AcceptanceUnderTest['learned'];
let warnings: AcceptanceUnderTest['warnings'];
let accept: AcceptanceUnderTest['accept'];
let acceptEvents: AcceptanceUnderTest['acceptEvents'];
let onLog: AcceptanceUnderTest['onLog'];
beforeEach(() => {
  ({ eventLog, catalogue, learned, warnings, accept, acceptEvents, onLog } = acceptanceUnderTest());
});

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
        repeated: false,
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
