import { describe, expect, test } from '@jest/globals';
import { DeliveryStats, EndpointStats } from '@bellwire/contracts';
import { toDeliveryCounts, toMonitoring } from './counts.ts';

const stats = (deliveries: Record<string, number>): DeliveryStats => DeliveryStats.fromPartial({ deliveries });
const none = stats({});
const nobody: ReadonlySet<string> = new Set();

describe('counts', () => {
  test('leave out what was never to be tried', () => {
    const deliveries = {
      pending: 1,
      held: 2,
      retrying: 3,
      delivered: 4,
      dead_lettered: 5,
      skipped: 60,
      cancelled: 70,
    };
    expect(toDeliveryCounts(stats(deliveries))).toMatchObject({
      total_deliveries: 15,
      successful_deliveries: 4,
      failed_deliveries: 5,
    });
  });

  test('have no success rate where there is nothing to divide by', () => {
    expect(toMonitoring(none, none, [], nobody).last_24_hours).toEqual({ total: 0, successful: 0, success_rate: null });
    expect(toMonitoring(stats({ skipped: 1 }), none, [], nobody).last_24_hours.success_rate).toBeNull();
  });

  test('name the ten webhooks with most failures, and none without', () => {
    const endpoints = [...Array.from({ length: 12 }, (_, index) => 20 - index), 0].map((failures, index) =>
      EndpointStats.fromPartial({ endpointId: `ep_${index}`, stats: { deliveries: { dead_lettered: failures } } }),
    );
    const all = new Set(endpoints.map(({ endpointId }) => endpointId));
    const { top_failing } = toMonitoring(none, none, endpoints, all);
    expect(top_failing).toHaveLength(10);
    expect(top_failing[0]).toEqual({ subscription_id: 'ep_0', failures: 20 });
    expect(toMonitoring(none, none, endpoints.slice(-1), all).top_failing).toEqual([]);
  });

  test('name no webhook that is deleted, and the next in its place', () => {
    const endpoints = Array.from({ length: 12 }, (_, index) =>
      EndpointStats.fromPartial({ endpointId: `ep_${index}`, stats: { deliveries: { dead_lettered: 20 - index } } }),
    );
    const kept = new Set(endpoints.slice(1).map(({ endpointId }) => endpointId));
    const { top_failing } = toMonitoring(none, none, endpoints, kept);
    expect(top_failing.map(({ subscription_id }) => subscription_id)).toEqual([...kept].slice(0, 10));
  });
});
