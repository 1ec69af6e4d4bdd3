import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { AuditRecord, DeadLetterRecord, DeliveryRecord, EndpointState, EventRecord, Tenant } from '@bellwire/contracts';
import { openKeyring } from '@bellwire/secrets';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import type { Rendered, RenderRequest } from '@bellwire/templating';
import { makeCompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import { makePlanDeliveries } from './plan-deliveries.ts';

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

const plan = (endpoints: readonly EndpointState[], rendered: Promise<Rendered>, of: EventRecord = event) => {
  const tenant = Tenant.fromPartial({ id: 'ten_1', dialect: 'standard' });
  const view = { endpointsOf: () => endpoints, position: () => 7, tenant: () => tenant };
  const planDeliveries = makePlanDeliveries({
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
  return planDeliveries(of, {});
};

const deliveriesIn = (records: readonly NewRecord[]): [string, string][] =>
  records
    .filter(({ topic }) => topic === topicNames.deliveries)
    .map(({ value }) => DeliveryRecord.decode(value ?? Buffer.alloc(0)))
    .map(({ endpointId, body }) => [endpointId, body.toString()]);

const fanOutIn = (records: readonly NewRecord[]) =>
  records
    .filter(({ topic }) => topic === topicNames.audit)
    .map(({ value }) => AuditRecord.decode(value ?? Buffer.alloc(0)).record)
    .flatMap((record) => (record?.$case === 'fanOut' ? [record.value] : []))[0];

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
