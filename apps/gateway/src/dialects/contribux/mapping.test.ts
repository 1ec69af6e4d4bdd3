import { describe, expect, test } from '@jest/globals';
import { Attempt, Delivery, DeliveryStats, DeliveryStatus, Endpoint, Outcome } from '@bellwire/contracts';
import { toLoggedDelivery } from './delivery.ts';
import { filterTextOf, filtersOf } from './filters.ts';
import { statisticsOf } from './statistics.ts';
import { changesOf, endpointOfNew, toChangedWebhook, withSecret } from './webhook.ts';

const at = new Date('2024-01-20T10:30:00.750Z');

describe('filters', () => {
  const documented = {
    min_match_score: 0.8,
    difficulty_levels: ['intermediate', 'advanced'],
    languages: ['JavaScript', 'Python'],
  };

  test.each([[documented], [{ min_match_score: 0 }], [{ languages: ['Go'] }], [{}]])('%j come back', (filters) => {
    expect(filtersOf(filterTextOf(filters))).toEqual(filters);
  });

  test('that were set elsewhere are not these', () => {
    for (const filter of [
      { 'data.amount': { $gt: 1 } },
      { $or: [{ a: 1 }, { 'data.opportunity.difficulty': { $in: ['x'] } }] },
      { $or: [{ 'data.other': { $exists: false } }, { 'data.other': { $in: ['x'] } }] },
    ]) {
      expect(filtersOf(JSON.stringify(filter))).toBeNull();
    }
  });
});

describe('a delivery in the log', () => {
  const attempt = Attempt.fromPartial({
    number: 1,
    startedAtMs: at.getTime(),
    durationMs: 144.6,
    outcome: Outcome.DELIVERED,
    responseStatus: 200,
  });
  const delivery = (more: Partial<Delivery>): Delivery =>
    Delivery.fromPartial({ id: 'd-1', eventType: 'skill.progress', attemptCount: more.attempts?.length ?? 0, ...more });
  const failure = Attempt.fromPartial({ ...attempt, outcome: Outcome.REJECTED, responseStatus: 500 });

  test('that arrived has what its last attempt met', () => {
    const arrived = delivery({ status: DeliveryStatus.DELIVERED, attempts: [failure, { ...attempt, number: 2 }] });
    expect(toLoggedDelivery(arrived)).toEqual({
      delivery_id: 'd-1',
      event_type: 'skill.progress',
      delivered_at: '2024-01-20T10:30:00Z',
      status: 'success',
      response_code: 200,
      response_time_ms: 145,
      retry_count: 1,
    });
  });

  test('that is tried again has failed so far, and says when', () => {
    const retrying = { status: DeliveryStatus.RETRYING, nextAttemptAt: new Date('2024-01-20T10:35:00Z') };
    expect(toLoggedDelivery(delivery({ ...retrying, attempts: [failure] }))).toMatchObject({
      status: 'failed',
      response_code: 500,
      retry_count: 0,
      error_message: 'HTTP 500',
      next_retry: '2024-01-20T10:35:00Z',
    });
    const unreachable = Attempt.fromPartial({ outcome: Outcome.UNREACHABLE, error: 'connection refused' });
    expect(toLoggedDelivery(delivery({ ...retrying, attempts: [unreachable] }))).toMatchObject({
      response_code: null,
      error_message: 'connection refused',
    });
  });

  test.each([
    [DeliveryStatus.HELD, 'breaker_open', new Date('2024-01-20T10:35:00Z'), '2024-01-20T10:35:00Z'],
    [DeliveryStatus.HELD, 'endpoint_disabled', undefined, undefined],
    [DeliveryStatus.PENDING, 'redelivery', undefined, undefined],
    [DeliveryStatus.CANCELLED, 'cancelled_by_user', undefined, undefined],
    [DeliveryStatus.SKIPPED, 'quiet_hours', undefined, undefined],
  ])('that was tried in vain (%i, %s) has failed so far', (status, reason, nextAttemptAt, nextRetry) => {
    const tried = delivery({ status, reason, nextAttemptAt, attempts: [failure] });
    expect(toLoggedDelivery(tried)).toMatchObject({
      status: 'failed',
      response_code: 500,
      error_message: 'HTTP 500',
      next_retry: nextRetry,
    });
  });

  test('that arrived and is held on its way to be sent again has not failed', () => {
    const again = delivery({ status: DeliveryStatus.HELD, reason: 'breaker_open', attempts: [attempt] });
    expect(toLoggedDelivery(again)).toMatchObject({ status: 'pending', error_message: undefined });
  });

  test.each([
    [DeliveryStatus.PENDING, 'pending', undefined],
    [DeliveryStatus.HELD, 'pending', undefined],
    [DeliveryStatus.SKIPPED, 'skipped', 'endpoint_disabled'],
    [DeliveryStatus.CANCELLED, 'cancelled', 'endpoint_disabled'],
    [DeliveryStatus.DEAD_LETTERED, 'failed', 'endpoint_disabled'],
  ])('without an attempt (%i) is %s', (status, name, error) => {
    const logged = toLoggedDelivery(delivery({ status, reason: 'endpoint_disabled' }));
    expect(logged).toMatchObject({ status: name, delivered_at: null, response_code: null, response_time_ms: null });
    expect(logged).toMatchObject({ retry_count: 0, error_message: error, next_retry: undefined });
  });
});

describe('statistics', () => {
  const of = (deliveries: Record<string, number>, { attempts = 0, retries = 0 } = {}) =>
    statisticsOf(DeliveryStats.fromPartial({ deliveries, attempts, retries }));

  test('are those of the document for 45 of 47', () => {
    expect(of({ delivered: 45, dead_lettered: 1, retrying: 1 }, { attempts: 53, retries: 6 })).toEqual({
      total_deliveries: 47,
      successful_deliveries: 45,
      failed_deliveries: 2,
      success_rate: 0.957,
    });
  });

  test('count as failed what waits or was cancelled after an attempt', () => {
    expect(of({ delivered: 2, held: 3, cancelled: 1 }, { attempts: 9, retries: 5 })).toEqual({
      total_deliveries: 4,
      successful_deliveries: 2,
      failed_deliveries: 2,
      success_rate: 0.5,
    });
  });

  test('leave out what was never sent, and are zeros of nothing', () => {
    const nothing = { total_deliveries: 0, successful_deliveries: 0, failed_deliveries: 0, success_rate: 0 };
    expect(of({ pending: 1, held: 2, skipped: 3, cancelled: 4, dead_lettered: 5 })).toEqual(nothing);
    expect(statisticsOf(undefined)).toEqual(nothing);
  });
});

describe('a webhook', () => {
  const given = { url: 'https://example.org', events: ['skill.progress'], active: true };

  test('whose user gave no secret says so until it has one', () => {
    const made = { ...endpointOfNew(given), createdAt: at };
    expect(toChangedWebhook(made)).toMatchObject({ secret_configured: false, filters: {} });
    expect(toChangedWebhook({ ...endpointOfNew({ ...given, secret: 's' }), createdAt: at })).toMatchObject({
      secret_configured: true,
    });
    const before = { ...made, metadata: { ...made.metadata, plan: 'gold' } };
    const { endpoint, updateMask } = withSecret(changesOf('ep_1', { active: false }), before);
    expect(updateMask).toEqual(['enabled', 'metadata']);
    expect(endpoint.metadata).toEqual({ plan: 'gold' });
    expect(withSecret(changesOf('ep_1', {}), endpoint).updateMask).toEqual([]);
  });

  test('changes what is given only', () => {
    expect(changesOf('ep_1', {}).updateMask).toEqual([]);
    const { endpoint, updateMask } = changesOf('ep_1', { url: 'https://example.org', events: ['a.b'], filters: null });
    expect(updateMask).toEqual(['url', 'event_types', 'filter']);
    expect(endpoint).toEqual(
      Endpoint.fromPartial({ id: 'ep_1', url: 'https://example.org', eventTypes: ['a.b'], filter: '' }),
    );
  });
});
