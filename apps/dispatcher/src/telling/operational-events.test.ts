import { describe, expect, test } from '@jest/globals';
import { DeliveryRecord, EndpointState, EventRecord } from '@bellwire/contracts';
import { keyedEventId } from '@bellwire/domain';
import type { NewRecord } from '@bellwire/messaging';
import { makeOperationalEvents } from './operational-events.ts';

const nowMs = Date.UTC(2026, 5, 1, 12);
const hourMs = 60 * 60 * 1000;
const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

const endpointOf = (id: string, fields: { eventTypes?: string[]; subject?: string } = {}): EndpointState =>
  EndpointState.fromPartial({ tenantId: 'ten_1', version: 3, endpoint: { id, enabled: true, ...fields } });

const setUp = (endpoints: readonly EndpointState[]) => {
  const lists = { current: endpoints };
  const view = {
    endpoint: (id: string) => lists.current.find(({ endpoint }) => endpoint?.id === id),
    endpointsOf: (tenantId: string) => (tenantId === 'ten_1' ? lists.current : []),
  };
  return { lists, events: makeOperationalEvents({ view, clock: { now: () => nowMs }, disableAfterMs: 120 * hourMs }) };
};

const delivery = (fields: Partial<DeliveryRecord> = {}): DeliveryRecord =>
  DeliveryRecord.fromPartial({
    tenantId: 'ten_1',
    endpointId: 'ep_1',
    eventId: 'evt_1',
    deliveryId: 'd-1',
    eventType: 'order.paid',
    round: 1,
    attempt: 4,
    acceptedAtMs: nowMs - hourMs,
    ...fields,
  });

const letter = {
  reason: 'attempts_exhausted',
  atMs: nowMs - 5,
  attemptCount: 4,
  last: { outcome: 'rejected', response: { status: 500, headers: {}, body: 'secret' }, durationMs: 1, timings: {} },
} as const;

const eventIn = (records: readonly NewRecord[]): EventRecord => {
  const [record] = records;
  if (records.length !== 1 || record?.value == null) throw new Error(`there are ${records.length} records`);
  return EventRecord.decode(record.value);
};
const dataIn = (records: readonly NewRecord[]): unknown => JSON.parse(eventIn(records).data);

const failing = endpointOf('ep_1');
const monitor = endpointOf('ep_2', { eventTypes: ['bellwire.*'] });
const ofSubject = (subject: string) => endpointOf('ep_1', { subject });

describe('operational events', () => {
  test('say which delivery is a dead letter, and why', () => {
    const records = setUp([failing, monitor]).events.deadLettered(delivery(), letter, headers);
    expect(records[0]).toMatchObject({ topic: 'events', key: eventIn(records).eventId, headers });
    expect(eventIn(records)).toMatchObject({
      tenantId: 'ten_1',
      type: 'bellwire.delivery.dead_lettered',
      idempotencyKey: 'dead_lettered/d-1/1',
      acceptedAtMs: nowMs,
      occurredAtMs: nowMs,
    });
    expect(dataIn(records)).toEqual({
      delivery_id: 'd-1',
      endpoint_id: 'ep_1',
      event_id: 'evt_1',
      event_type: 'order.paid',
      accepted_at: '2026-06-01T11:00:00.000Z',
      round: 1,
      attempt_count: 4,
      reason: 'attempts_exhausted',
      last_outcome: 'rejected',
      last_response_status: 500,
      dead_lettered_at: '2026-06-01T11:59:59.995Z',
    });
  });

  test('say nulls of a dead letter whose time ran out without an attempt', () => {
    const pastDeadline = { reason: 'deadline', atMs: nowMs, attemptCount: 0 } as const;
    expect(dataIn(setUp([failing, monitor]).events.deadLettered(delivery(), pastDeadline, headers))).toMatchObject({
      reason: 'deadline',
      last_outcome: null,
      last_response_status: null,
    });
  });

  test('say that a delivery has come through in a later round, and nothing of the first', () => {
    const { events } = setUp([failing, monitor]);
    expect(events.recovered(delivery(), headers)).toEqual([]);
    const records = events.recovered(delivery({ round: 2, attempt: 5 }), headers);
    expect(eventIn(records)).toMatchObject({
      type: 'bellwire.delivery.recovered',
      idempotencyKey: 'recovered/d-1/2',
    });
    expect(dataIn(records)).toMatchObject({ round: 2, attempt_count: 5, delivered_at: '2026-06-01T12:00:00.000Z' });
  });

  test('warn of an endpoint that fails, with the time at which it will be disabled', () => {
    const streak = { sinceMs: nowMs - 60 * hourMs, warnedAtMs: 0, failures: 17 };
    expect(dataIn(setUp([failing, monitor]).events.endpointFailing(failing, streak))).toEqual({
      endpoint_id: 'ep_1',
      failing_since: '2026-05-30T00:00:00.000Z',
      failed_attempts: 17,
      will_be_disabled_at: '2026-06-04T00:00:00.000Z',
    });
  });

  test('say why an endpoint is disabled', () => {
    const { events } = setUp([failing, monitor]);
    expect(dataIn(events.endpointDisabled(failing, 'gone'))).toEqual({
      endpoint_id: 'ep_1',
      reason: 'gone',
      disabled_at: '2026-06-01T12:00:00.000Z',
      failing_since: null,
      failed_attempts: null,
    });
    const streak = { sinceMs: nowMs - 120 * hourMs, warnedAtMs: 0, failures: 30 };
    expect(dataIn(events.endpointDisabled(failing, 'failing', streak))).toMatchObject({
      reason: 'failing',
      failing_since: '2026-05-27T12:00:00.000Z',
      failed_attempts: 30,
    });
  });

  test('have the same id when they are told again, and no id that a publisher can ask for', () => {
    const tellOnce = () => eventIn(setUp([failing, monitor]).events.deadLettered(delivery(), letter, headers)).eventId;
    expect(tellOnce()).toBe(tellOnce());
    expect(tellOnce()).not.toBe(keyedEventId('ten_1', 'dead_lettered/d-1/1'));
    const { events } = setUp([failing, monitor]);
    const ids = [1, 2].map((round) => eventIn(events.deadLettered(delivery({ round }), letter, headers)).eventId);
    expect(ids[0]).not.toBe(ids[1]);
  });

  test('say nothing of deliveries of themselves', () => {
    const { events } = setUp([failing, monitor]);
    const ofThemselves = delivery({ eventType: 'bellwire.delivery.dead_lettered', round: 2 });
    expect(events.deadLettered(ofThemselves, letter, headers)).toEqual([]);
    expect(events.recovered(ofThemselves, headers)).toEqual([]);
  });
});

describe('an operational event is made', () => {
  test.each([
    ['no', 'an endpoint without types', {}],
    ['no', 'a star', { eventTypes: ['*'] }],
    ['no', 'another operational type', { eventTypes: ['bellwire.endpoint.*'] }],
    ['one', 'its type', { eventTypes: ['order.*', 'bellwire.delivery.dead_lettered'] }],
    ['one', 'a group of its type', { eventTypes: ['*', 'bellwire.delivery.*'] }],
  ])('%s times for %s', (times, _, fields) => {
    const { events } = setUp([failing, endpointOf('ep_2', fields)]);
    expect(events.deadLettered(delivery(), letter, headers)).toHaveLength(times === 'one' ? 1 : 0);
  });

  test('for the subject of the endpoint that it is about, whoever the event was about', () => {
    const userMonitor = endpointOf('ep_2', { eventTypes: ['bellwire.*'], subject: 'user_1' });
    const tell = (about: EndpointState) =>
      setUp([about, userMonitor]).events.deadLettered(delivery({ subject: 'user_1' }), letter, headers);
    expect(eventIn(tell(ofSubject('user_1'))).subject).toBe('user_1');
    expect(tell(ofSubject('user_2'))).toEqual([]);
    expect(tell(failing)).toEqual([]);
    const forTenant = setUp([failing, monitor]).events.deadLettered(delivery({ subject: 'user_1' }), letter, headers);
    expect(eventIn(forTenant).subject).toBeUndefined();
  });

  test('from the moment that an endpoint asks for it', () => {
    const { events, lists } = setUp([failing]);
    expect(events.endpointDisabled(failing, 'gone')).toEqual([]);
    lists.current = [failing, monitor];
    expect(events.endpointDisabled(failing, 'gone')).toHaveLength(1);
  });

  test('for no other tenant', () => {
    const { events } = setUp([failing, monitor]);
    expect(events.deadLettered(delivery({ tenantId: 'ten_2' }), letter, headers)).toEqual([]);
  });
});
