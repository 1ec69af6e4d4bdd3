import { describe, expect, test } from '@jest/globals';
import {
  Attempt,
  DeadLetter,
  Delivery,
  DeliveryStatus,
  EventTypePolicy,
  ListDeliveriesRequest,
  Outcome,
} from '@bellwire/contracts';
import { writeJson } from '../json-text.ts';
import { atText, samples } from '../testing/fake-services.ts';
import { fromNewApiKey, newApiKey } from './api-key.ts';
import { toAttempt } from './attempt.ts';
import { deliveryFilters, fromDeliveryFilters, toDeadLetter, toDelivery } from './delivery.ts';
import { fromNewEvent, newEvent, toEvent } from './event.ts';
import { eventTypeChanges, fromEventTypeChanges, toEventType } from './event-type.ts';
import { fromNewTenant, newTenant, toTenant } from './tenant.ts';

const at = new Date(atText);
const shown = (resource: unknown): unknown => JSON.parse(writeJson(resource));

describe('a tenant', () => {
  test('leaves its defaults to registry', () => {
    expect(fromNewTenant(newTenant.parse({ name: 'Acme' }))).toEqual({
      name: 'Acme',
      dialect: undefined,
      eventTypePolicy: EventTypePolicy.UNSPECIFIED,
      retry: undefined,
      timeoutMs: 0,
    });
    expect(fromNewTenant(newTenant.parse({ name: 'Acme', dialect: 'hub', event_type_policy: 'strict' }))).toEqual({
      name: 'Acme',
      dialect: 'hub',
      eventTypePolicy: EventTypePolicy.STRICT,
      retry: undefined,
      timeoutMs: 0,
    });
  });

  test('is shown with its policy as a word', () => {
    expect(toTenant(samples.tenant)).toEqual({
      id: 'ten_1',
      name: 'Acme',
      dialect: 'standard',
      event_type_policy: 'open',
      retry: { schedule_seconds: [1, 2], retry_on: 'transient' },
      timeout_ms: null,
      created_at: atText,
    });
  });
});

test('an API key without scopes asks for all of them', () => {
  expect(fromNewApiKey('ten_1', newApiKey.parse({ name: 'ci' }))).toEqual({
    tenantId: 'ten_1',
    name: 'ci',
    scopes: [],
    subject: undefined,
  });
});

describe('an event type', () => {
  test('shows its schema verbatim', () => {
    expect(writeJson(toEventType(samples.eventType))).toContain(
      '"schema":{"type":"object","maximum":1.0},"example":null',
    );
  });

  test('is changed where it is said, with null to clear', () => {
    const given = eventTypeChanges.parse({ example: null, schema: {} });
    const change = fromEventTypeChanges('order.paid', given, { schema: '{"maximum":1.0}', example: 'null' });
    expect(change.updateMask?.toSorted()).toEqual(['example', 'schema']);
    expect(change.eventType).toMatchObject({ name: 'order.paid', schema: '{"maximum":1.0}', example: '' });
  });
});

describe('an event', () => {
  test('passes its data on as text', () => {
    const given = newEvent.parse({ type: 'a', data: null, subject: 'u1', occurred_at: '2026-01-31T13:00:00+01:00' });
    expect(fromNewEvent(given, '1.0')).toEqual({
      type: 'a',
      data: '1.0',
      subject: 'u1',
      idempotencyKey: undefined,
      orderingKey: undefined,
      occurredAt: at,
      actionUrls: {},
    });
  });

  test('is shown with its data verbatim, its deliveries, and who was excluded', () => {
    expect(writeJson(toEvent(samples.event))).toBe(
      `{"id":"evt_1","type":"order.paid","subject":null,"data":${samples.event.data},` +
        `"occurred_at":"${atText}","accepted_at":"${atText}",` +
        '"deliveries":[{"id":"d-1","endpoint_id":"ep_1","status":"retrying","reason":"retry"}],"excluded_counts":{"filter":2}}',
    );
  });
});

describe('a delivery', () => {
  const message = Delivery.fromPartial({
    id: 'd-1',
    eventId: 'evt_1',
    eventType: 'order.paid',
    endpointId: 'ep_1',
    status: DeliveryStatus.DELIVERED,
    round: 2,
    attemptCount: 3,
    createdAt: at,
    completedAt: at,
  });

  test('has the members of the contract', () => {
    expect(shown(toDelivery(message))).toEqual({
      id: 'd-1',
      event_id: 'evt_1',
      event_type: 'order.paid',
      endpoint_id: 'ep_1',
      subject: null,
      status: 'delivered',
      reason: null,
      round: 2,
      attempt_count: 3,
      next_attempt_at: null,
      created_at: atText,
      completed_at: atText,
      attempts: [],
    });
  });

  test('of a status that this version does not know is a bug', () => {
    expect(() => toDelivery({ ...message, status: DeliveryStatus.UNSPECIFIED })).toThrow('does not know');
  });

  test('as a dead letter says why it ended', () => {
    const letter = DeadLetter.fromPartial({ delivery: message, deadLetteredAt: at, lastOutcome: Outcome.BLOCKED });
    expect(toDeadLetter(letter)).toMatchObject({
      id: 'd-1',
      dead_lettered_at: atText,
      last_outcome: 'blocked',
      last_response_status: null,
      last_error: null,
    });
  });

  test('is filtered by words and times', () => {
    const given = deliveryFilters.parse({ endpoint: 'ep_1', status: 'dead_lettered', since: atText, limit: '7' });
    expect(fromDeliveryFilters(given)).toEqual(
      ListDeliveriesRequest.fromPartial({
        endpointId: 'ep_1',
        status: DeliveryStatus.DEAD_LETTERED,
        eventType: undefined,
        subject: undefined,
        eventId: undefined,
        since: at,
        until: undefined,
        limit: 7,
        cursor: '',
      }),
    );
  });
});

test('an attempt without a response says so with null', () => {
  const attempt = Attempt.fromPartial({
    attemptId: 'atm_1',
    number: 2,
    round: 1,
    startedAtMs: at.getTime(),
    durationMs: 3,
    outcome: Outcome.UNREACHABLE,
    error: 'connection refused',
  });
  expect(shown(toAttempt(attempt))).toEqual({
    id: 'atm_1',
    number: 2,
    round: 1,
    started_at: atText,
    duration_ms: 3,
    outcome: 'unreachable',
    response_status: null,
    response_headers: {},
    response_body: null,
    error: 'connection refused',
    timings: {},
    trace_id: null,
  });
});
