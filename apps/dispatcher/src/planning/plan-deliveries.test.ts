import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { AuditRecord, DeadLetterRecord, DeliveryRecord, EndpointState, EventRecord, Tenant } from '@bellwire/contracts';
import { openKeyring } from '@bellwire/secrets';
import { fitsRecord, maxRecordBytes, sizeOfRecord, topicNames, type NewRecord } from '@bellwire/messaging';
import type { Rendered, RenderRequest } from '@bellwire/templating';
import { makeCompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import { makePlanDeliveries, type Plan } from './plan-deliveries.ts';

const nowMs = Date.UTC(2026, 0, 31, 12);
const event = EventRecord.fromPartial({
  tenantId: 'ten_1',
  eventId: 'evt_1',
  type: 'order.paid',
  data: '{"amount":1.0}',
  acceptedAtMs: nowMs,
  occurredAtMs: nowMs,
});
const dialectBody = '{"type":"order.paid","timestamp":"2026-01-31T12:00:00.000Z","data":{"amount":1.0}}';

const anEndpoint = (id: string, expression?: string): EndpointState =>
  EndpointState.fromPartial({
    tenantId: 'ten_1',
    endpoint: {
      id,
      enabled: true,
      payloadTemplate: expression === undefined ? undefined : { preset: '', expression },
    },
  });

let asked: RenderRequest[];
beforeEach(() => {
  asked = [];
});

const plansOf = (endpoints: readonly EndpointState[], rendered: Promise<Rendered>) => {
  const tenant = Tenant.fromPartial({ id: 'ten_1', dialect: 'standard' });
  const view = { endpointsOf: () => endpoints, position: () => 7, tenant: () => tenant };
  return makePlanDeliveries({
    view,
    compileEndpoint: makeCompileEndpoint(view, openKeyring({ masterKey: randomBytes(32).toString('hex') })),
    renderTemplate: (request) => {
      asked.push(request);
      return rendered;
    },
    events: {
      deadLettered: ({ deliveryId }, { reason }) => [{ topic: 'told', key: deliveryId, value: Buffer.from(reason) }],
    },
    clock: { now: () => nowMs },
    maxDeadlineMs: 1000,
    onUnreadable: (_state, error) => {
      throw error;
    },
  });
};

/** All that a plan says, and the rest of it with its own rest, where there is one. */
const drain = (made: Plan): { records: NewRecord[]; later: Promise<NewRecord[]> | undefined } => {
  const records: NewRecord[] = [];
  for (let step = made.next(); ; step = made.next()) {
    if (step.done !== true) {
      if (step.value !== undefined) records.push(step.value);
      continue;
    }
    const later = step.value?.then(async (rest) => {
      const drained = drain(rest);
      return [...drained.records, ...((await drained.later) ?? [])];
    });
    return { records, later };
  }
};

const plan = (endpoints: readonly EndpointState[], rendered: Promise<Rendered>, of: EventRecord = event) =>
  drain(plansOf(endpoints, rendered)(of, {}));

const deliveriesIn = (records: readonly NewRecord[]): [string, string][] =>
  records
    .filter(({ topic }) => topic === topicNames.deliveries)
    .map(({ value }) => DeliveryRecord.decode(value ?? Buffer.alloc(0)))
    .map(({ endpointId, body }) => [endpointId, body.toString()]);

const fanOutsIn = (records: readonly NewRecord[]) =>
  records
    .filter(({ topic }) => topic === topicNames.audit)
    .map(({ value }) => AuditRecord.decode(value ?? Buffer.alloc(0)).record)
    .flatMap((record) => (record?.$case === 'fanOut' ? [record.value] : []));
const fanOutIn = (records: readonly NewRecord[]) => fanOutsIn(records)[0];

const tooLate = Promise.resolve({ failure: 'unused' });

describe('an event to very many endpoints', () => {
  const ids = Array.from({ length: 13_000 }, (_, nth) => `ep_${String(nth).padStart(26, '0')}`);

  test('is told of in records that fit into the log, the last of which says that all is planned', () => {
    const other = EndpointState.fromPartial({ endpoint: { id: 'ep_other', enabled: true, eventTypes: ['a'] } });
    const { records } = plan([other, ...ids.map((id) => anEndpoint(id))], tooLate);
    const told = records.filter(({ topic }) => topic === topicNames.audit);
    expect(told.length).toBeGreaterThan(1);
    expect(told.every((record) => sizeOfRecord(record) < maxRecordBytes / 4)).toBe(true);
    const fanOuts = fanOutsIn(told);
    expect(fanOuts.flatMap(({ planned }) => planned.map(({ endpointId }) => endpointId))).toEqual(ids);
    expect(fanOuts.map(({ isPart }) => isPart)).toEqual(fanOuts.map((_, nth) => nth < fanOuts.length - 1));
    expect(fanOuts.map(({ excludedCounts }) => excludedCounts)).toEqual(
      fanOuts.map((_, nth) => (nth < fanOuts.length - 1 ? {} : { event_type: 1 })),
    );
  });

  test('lets others have a turn where it owes none of them anything', () => {
    const others = ids.map((id) => EndpointState.fromPartial({ endpoint: { id, enabled: true, eventTypes: ['a'] } }));
    const steps = [...plansOf(others, tooLate)(event, {})];
    expect(steps.filter((step) => step === undefined)).toHaveLength(130);
    expect(steps.filter((step) => step !== undefined)).toHaveLength(1);
  });

  test('has few of them rendered at a time', async () => {
    const endpoints = ids.slice(0, 200).map((id, nth) => anEndpoint(id, `data & ${nth}`));
    const first = plansOf(endpoints, Promise.resolve({ body: '1' }))(event, {});
    let step = first.next();
    while (step.done !== true && step.value === undefined) step = first.next();
    if (step.done !== true || step.value === undefined) throw new Error('nothing waits for a template');
    const rest = await step.value;
    expect(asked.length).toBeLessThan(100);
    const { records, later } = drain(rest);
    const all = [...records, ...((await later) ?? [])];
    expect(deliveriesIn(all)).toHaveLength(200);
    expect(fanOutIn(all)?.planned).toHaveLength(200);
  });
});

describe('an event whose body is larger than one record of the log', () => {
  const large = EventRecord.fromPartial({ ...event, data: `"${'x'.repeat(maxRecordBytes - 1000)}"` });

  test('is a dead letter for each endpoint, with the reason, and goes nowhere', () => {
    const { records } = plan([anEndpoint('ep_1')], tooLate, large);
    expect(deliveriesIn(records)).toEqual([]);
    expect(records.every(fitsRecord)).toBe(true);
    expect(fanOutIn(records)?.planned).toMatchObject([
      { status: 'DELIVERY_STATUS_DEAD_LETTERED', reason: 'too_large' },
    ]);
    const [letter] = records.filter(({ topic }) => topic === topicNames.deadLetters);
    expect(DeadLetterRecord.decode(letter?.value ?? Buffer.alloc(0)).letter).toMatchObject({
      value: { reason: 'too_large', attemptCount: 0, delivery: { endpointId: 'ep_1', body: Buffer.alloc(0) } },
    });
    expect(records.filter(({ topic }) => topic === 'told').map(({ value }) => String(value))).toEqual(['too_large']);
  });
});

describe('an event', () => {
  test('without templates is planned at once', () => {
    const { records, later } = plan(
      [anEndpoint('ep_1')],
      Promise.reject(new Error('unused')).catch(() => ({ failure: '' })),
    );
    expect(later).toBeUndefined();
    expect(deliveriesIn(records)).toEqual([['ep_1', dialectBody]]);
    expect(fanOutIn(records)?.planned).toHaveLength(1);
  });

  test('waits for a template only where an endpoint has one, and is told of once', async () => {
    const { records, later = Promise.resolve([]) } = plan(
      [anEndpoint('ep_1', 'data'), anEndpoint('ep_2')],
      Promise.resolve({ body: '{"amount":1}' }),
    );
    expect(deliveriesIn(records)).toEqual([['ep_2', dialectBody]]);
    expect(fanOutIn(records)).toBeUndefined();
    const rest = await later;
    expect(deliveriesIn(rest)).toEqual([['ep_1', '{"amount":1}']]);
    expect(fanOutIn(rest)).toMatchObject({
      registryPosition: 7,
      planned: [
        { endpointId: 'ep_2', status: 'DELIVERY_STATUS_PENDING' },
        { endpointId: 'ep_1', status: 'DELIVERY_STATUS_PENDING' },
      ],
    });
  });

  test('is rendered once for all endpoints with the same template', async () => {
    const { later } = plan(
      [anEndpoint('ep_1', 'data'), anEndpoint('ep_2', 'data'), anEndpoint('ep_3', 'type')],
      Promise.resolve({ body: '1' }),
    );
    expect(deliveriesIn((await later) ?? []).map(([endpointId]) => endpointId)).toEqual(['ep_1', 'ep_2', 'ep_3']);
    expect(asked).toEqual(
      ['data', 'type'].map((expression) => ({
        tenantId: 'ten_1',
        expression,
        body: dialectBody,
        eventType: 'order.paid',
      })),
    );
  });

  test('is a dead letter, with the reason and without a body, where the template fails', async () => {
    const { later } = plan([anEndpoint('ep_1', 'data')], Promise.resolve({ failure: 'it makes nothing' }));
    const rest = (await later) ?? [];
    const planned = { status: 'DELIVERY_STATUS_DEAD_LETTERED', reason: 'template_failed', endpointId: 'ep_1' };
    expect(fanOutIn(rest)?.planned).toEqual([expect.objectContaining(planned)]);
    const [letter] = rest.filter(({ topic }) => topic === topicNames.deadLetters);
    expect(DeadLetterRecord.decode(letter?.value ?? Buffer.alloc(0)).letter).toMatchObject({
      value: {
        reason: 'template_failed',
        attemptCount: 0,
        lastError: 'payload template: it makes nothing',
        deadLetteredAtMs: nowMs,
        delivery: { endpointId: 'ep_1', eventId: 'evt_1', round: 1, body: Buffer.alloc(0) },
      },
    });
    expect(deliveriesIn(rest)).toEqual([]);
    expect(rest.filter(({ topic }) => topic === 'told').map(({ value }) => String(value))).toEqual(['template_failed']);
  });

  test('is told with the subject of each endpoint, whichever way it is planned', async () => {
    const of = EventRecord.fromPartial({ ...event, subject: 'user_1' });
    const parts = { enabled: true, subject: 'user_1', payloadTemplate: undefined };
    const owned = [
      parts,
      { ...parts, enabled: false },
      { ...parts, payloadTemplate: { preset: '', expression: 'data' } },
    ];
    const endpoints = owned.map((fields, nth) =>
      EndpointState.fromPartial({ tenantId: 'ten_1', endpoint: { id: `ep_${nth}`, ...fields } }),
    );
    const { records, later } = plan([...endpoints, anEndpoint('ep_all')], Promise.resolve({ body: '1' }), of);
    const all = [...records, ...((await later) ?? [])];
    const subjects = new Map(fanOutIn(all)?.planned.map((each) => [each.endpointId, each.endpointSubject]));
    expect(Object.fromEntries(subjects)).toEqual({
      ep_0: 'user_1',
      ep_1: 'user_1',
      ep_2: 'user_1',
      ep_all: undefined,
    });
    const deliveries = all.filter(({ topic }) => topic === topicNames.deliveries);
    expect(
      deliveries
        .map(({ value }) => DeliveryRecord.decode(value ?? Buffer.alloc(0)))
        .map((each) => [each.endpointId, each.endpointSubject]),
    ).toEqual([
      ['ep_0', 'user_1'],
      ['ep_all', undefined],
      ['ep_2', 'user_1'],
    ]);
  });

  test('that may be on the log twice is owed to no endpoint made after its acceptance; any other is', () => {
    const madeAt = (id: string, ms: number, expression?: string): EndpointState => {
      const state = anEndpoint(id, expression);
      return EndpointState.fromPartial({ ...state, endpoint: { ...state.endpoint, createdAt: new Date(nowMs + ms) } });
    };
    const endpoints = [madeAt('ep_before', -1), madeAt('ep_same', 0), madeAt('ep_later', 1), madeAt('ep_t', 1, 'data')];
    const planned = (repeated: boolean) =>
      plan(endpoints, Promise.resolve({ body: '1' }), EventRecord.fromPartial({ ...event, repeated }));
    const repeat = planned(true);
    expect(deliveriesIn(repeat.records).map(([id]) => id)).toEqual(['ep_before', 'ep_same']);
    expect(repeat.later).toBeUndefined();
    expect(fanOutIn(repeat.records)).toMatchObject({
      excludedCounts: { created_later: 2 },
      excluded: [
        { endpointId: 'ep_later', reason: 'created_later' },
        { endpointId: 'ep_t', reason: 'created_later' },
      ],
    });
    expect(deliveriesIn(planned(false).records).map(([id]) => id)).toEqual(['ep_before', 'ep_same', 'ep_later']);
  });

  test('is not rendered for an endpoint that is disabled or not owed it', () => {
    const disabled = EndpointState.fromPartial({ endpoint: { id: 'ep_1', payloadTemplate: { preset: 'slack' } } });
    const other = EndpointState.fromPartial({
      endpoint: { id: 'ep_2', enabled: true, eventTypes: ['a'], payloadTemplate: { preset: 'slack' } },
    });
    expect(plan([disabled, other], Promise.resolve({ body: '1' })).later).toBeUndefined();
    expect(asked).toEqual([]);
  });
});
