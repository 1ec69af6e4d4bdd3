import { describe, expect, test } from '@jest/globals';
import { DeliveryStats, EndpointStats } from '@bellwire/contracts';
import { toDeliveryCounts, toMonitoring } from './counts.ts';

const stats = (deliveries: Record<string, number>): DeliveryStats => DeliveryStats.fromPartial({ deliveries });
const none = stats({});

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
    expect(toMonitoring(none, none, []).last_24_hours).toEqual({ total: 0, successful: 0, success_rate: null });
    expect(toMonitoring(stats({ skipped: 1 }), none, []).last_24_hours.success_rate).toBeNull();
  });

  test('name the ten webhooks with most failures, and none without', () => {
    const endpoints = [...Array.from({ length: 12 }, (_, index) => 20 - index), 0].map((failures, index) =>
      EndpointStats.fromPartial({ endpointId: `ep_${index}`, stats: { deliveries: { dead_lettered: failures } } }),
    );
    const { top_failing } = toMonitoring(none, none, endpoints);
    expect(top_failing).toHaveLength(10);
    expect(top_failing[0]).toEqual({ subscription_id: 'ep_0', failures: 20 });
    expect(toMonitoring(none, none, endpoints.slice(-1)).top_failing).toEqual([]);
  });
});
