import { describe, expect, test } from '@jest/globals';
import type { DeliveryMark } from '@bellwire/contracts';
import { makeDeliveryMarks } from './delivery-marks.ts';

const mark = (deliveryId: string, round: number, attempt: number): DeliveryMark => ({
  deliveryId,
  round,
  attempt,
  atMs: 0,
  cancelledUntilMs: 0,
});

describe('marks of deliveries', () => {
  test('do not go back to an attempt whose record was written after that of the next', () => {
    const marks = makeDeliveryMarks({ perEndpoint: 10, isOver: () => false });
    for (const attempt of [2, 1]) marks.remember('ep_1', mark('one', 1, attempt));
    for (const round of [1, 2, 1]) marks.remember('ep_1', mark('other', round, 3));
    expect(marks.of('ep_1')).toEqual([mark('one', 1, 2), mark('other', 2, 3)]);
  });

  test('are forgotten when they are over, and the oldest beyond their number', () => {
    const marks = makeDeliveryMarks({ perEndpoint: 2, isOver: ({ attempt }) => attempt === 9 });
    for (const name of ['one', 'two', 'three']) marks.remember('ep_1', mark(name, 1, 1));
    marks.remember('ep_1', mark('two', 1, 9));
    expect(marks.of('ep_1')).toEqual([mark('three', 1, 1)]);
  });
});
