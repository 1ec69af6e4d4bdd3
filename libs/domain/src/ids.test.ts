import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deliveryIdOf, deliveryIdTime, keyedEventId, newId } from './ids.ts';

describe('ids', () => {
  test('carry their prefix and sort by time', () => {
    const ids = [1_600_000_000_000, 1_700_000_000_000, 1_700_000_000_001].map((at) => newId('evt', at));
    expect(ids.every((id) => /^evt_[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true);
    expect(ids.toSorted()).toEqual(ids);
  });

  test('of a keyed event are the same for one tenant and key, and differ between tenants', () => {
    expect(keyedEventId('ten_a', 'k')).toBe(keyedEventId('ten_a', 'k'));
    expect(keyedEventId('ten_a', 'k')).not.toBe(keyedEventId('ten_b', 'k'));
  });

  test('of a delivery are version 8 UUIDs that derive and name their time', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer({ min: 0, max: 2 ** 48 - 1 }), (event, endpoint, at) => {
        const id = deliveryIdOf(event, endpoint, at);
        return id === deliveryIdOf(event, endpoint, at) && deliveryIdTime(id) === at;
      }),
    );
  });

  test('that are no delivery ids have no time', () => {
    expect(deliveryIdTime('550e8400-e29b-41d4-a716-446655440000')).toBeUndefined();
    expect(deliveryIdTime('evt_1')).toBeUndefined();
  });
});
