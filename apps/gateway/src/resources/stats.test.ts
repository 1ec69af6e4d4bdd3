import { describe, expect, test } from '@jest/globals';
import { GetStatsResponse } from '@bellwire/contracts';
import { atText, samples } from '../testing/fake-services.ts';
import { toEndpointStats, toStats } from './stats.ts';

describe('statistics', () => {
  test('count every status and outcome, and tell how often deliveries succeed', () => {
    expect(toStats(samples.stats)).toMatchObject({
      deliveries: {
        pending: 0,
        held: 0,
        retrying: 2,
        delivered: 3,
        dead_lettered: 1,
        skipped: 0,
        cancelled: 0,
      },
      attempts: 9,
      outcomes: { delivered: 3, rejected: 6, unreachable: 0, timed_out: 0, blocked: 0 },
      response_statuses: { 200: 3, 500: 6 },
      retries: 4,
      mean_duration_ms: 12.5,
      mean_attempts: 1.5,
      due_retries: 1,
      success_rate: 0.75,
      last_attempt_at: atText,
      event_types: [{ event_type: 'order.paid', deliveries: 6, delivered: 3, failed: 1 }],
      as_of: atText,
    });
  });

  test('have no success rate before a delivery has succeeded or failed', () => {
    expect(toStats(samples.stats).endpoints).toMatchObject([
      { endpoint_id: 'ep_1', deliveries: { pending: 1, delivered: 0 }, success_rate: null, last_attempt_at: null },
    ]);
  });

  test('leave out words of a later version', () => {
    const all = { deliveries: { forgotten: 3 }, outcomes: { odd: 1 } };
    const message = GetStatsResponse.fromPartial({ all, asOf: samples.stats.asOf });
    const shown = toEndpointStats(message);
    expect(shown.deliveries).not.toHaveProperty('forgotten');
    expect(shown.outcomes).not.toHaveProperty('odd');
    expect(shown).not.toHaveProperty('endpoints');
  });

  test('that a service leaves out are a bug', () => {
    expect(() => toStats(GetStatsResponse.fromPartial({}))).toThrow('left out');
  });
});
