import { describe, expect, test } from '@jest/globals';
import { AuditRecord, DeliveryRecord } from '@bellwire/contracts';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import type { InHand } from '../attempts/in-hand.ts';
import { makeHandOver } from './hand-over.ts';

const minuteMs = 60_000;
const tiers = [
  { name: '1s', delayMs: 1000 },
  { name: '5m', delayMs: 5 * minuteMs },
  { name: '30m', delayMs: 30 * minuteMs },
];

const setUp = () => {
  const clock = { at: 1_700_000_000_000, now: () => clock.at };
  const written: NewRecord[] = [];
  const handOver = makeHandOver({
    append: async (records) => void written.push(...records),
    clock,
    tiers,
    events: { deadLettered: () => [] },
  });
  const inHand = (given: Partial<DeliveryRecord> = {}): InHand => {
    const delivery = DeliveryRecord.fromPartial({
      deliveryId: 'd1',
      endpointId: 'ep_1',
      round: 1,
      attempt: 1,
      ...given,
    });
    const record = { topic: 'deliveries', partition: 0, offset: 0, key: '', value: null, headers: {}, timestampMs: 0 };
    const fail = (error: unknown): never => {
      throw error;
    };
    const ends = { settle: () => undefined, moveOn: () => undefined, release: () => undefined, fail };
    return { delivery, task: { value: delivery, record, mayBeTwice: false, isCurrent: () => true, ...ends }, ...ends };
  };
  const waiting = () => {
    const found = written.filter(({ topic }) => topic.startsWith('retries.')).at(-1);
    const delivery = DeliveryRecord.decode(found?.value ?? new Uint8Array());
    return { topic: found?.topic, inMs: delivery.dueAtMs - clock.at, delivery };
  };
  const transitions = () =>
    written
      .filter(({ topic }) => topic === topicNames.audit)
      .map(({ value }) => AuditRecord.decode(value ?? new Uint8Array()).record)
      .flatMap((record) => (record?.$case === 'transition' ? [record.value] : []));
  return { clock, handOver, inHand, waiting, transitions };
};

describe('a delivery that waits', () => {
  test('for an edit is looked at again after 10 s, then 20, 40, ... up to 30 minutes', () => {
    const { handOver, inHand, waiting } = setUp();
    const hops = [0, 1, 2, 7, 8, 30].map((spills) => {
      handOver.hold(inHand({ spills }), 'endpoint_disabled');
      return waiting().inMs / 1000;
    });
    expect(hops).toEqual([10, 20, 40, 1280, 1800, 1800]);
  });

  test('for a time that is known waits until then, but looks every 30 minutes whether it was edited', () => {
    const { clock, handOver, inHand, waiting } = setUp();
    handOver.waitUntil(inHand(), 'quiet_hours', clock.at + 7 * minuteMs);
    expect(waiting()).toMatchObject({ topic: 'retries.5m', inMs: 7 * minuteMs });
    handOver.waitUntil(inHand(), 'rate_limited', clock.at + 300 * minuteMs, clock.at + 300 * minuteMs);
    expect(waiting()).toMatchObject({ topic: 'retries.30m', inMs: 30 * minuteMs });
    expect(waiting().delivery.slotAtMs).toBe(clock.at + 300 * minuteMs);
  });

  test('behind others waits for whole milliseconds, no less than the shortest tier', () => {
    const { handOver, inHand, waiting } = setUp();
    handOver.spill(inHand(), 4.2);
    expect(waiting()).toMatchObject({ topic: 'retries.1s', inMs: 1000 });
    handOver.spill(inHand(), 2000.3);
    expect(waiting().inMs).toBe(2001);
  });

  test('behind a breaker hops longer when it has hopped often, so that it costs the log little', () => {
    const { clock, handOver, inHand, waiting } = setUp();
    handOver.waitUntil(inHand({ spills: 6 }), 'breaker_open', clock.at + 1000);
    expect(waiting().inMs).toBe(1000);
    handOver.waitUntil(inHand({ spills: 9 }), 'breaker_open', clock.at + 1000);
    expect(waiting().inMs).toBe(80_000);
  });

  test('says why once, and keeps its attempt', () => {
    const { handOver, inHand, waiting, transitions } = setUp();
    handOver.hold(inHand({ attempt: 3 }), 'endpoint_disabled');
    handOver.hold({ ...inHand(), delivery: waiting().delivery }, 'endpoint_disabled');
    expect(transitions()).toMatchObject([
      { reason: 'endpoint_disabled', status: 'DELIVERY_STATUS_HELD', attemptCount: 2 },
    ]);
    expect(waiting().delivery).toMatchObject({ attempt: 3, spills: 2 });
  });
});
