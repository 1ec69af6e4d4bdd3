import { describe, expect, test } from '@jest/globals';
import { keyedEventId, newId } from '@bellwire/domain';
import fc from 'fast-check';
import { eventIdTime } from './event-id-time.ts';

describe('the time in an event id', () => {
  test('is the time that the id was made with', () => {
    fc.assert(fc.property(fc.nat(2 ** 48 - 1), (nowMs) => eventIdTime(newId('evt', nowMs)) === nowMs));
  });

  test.each([
    '',
    'evt_',
    'evt_1',
    'ep_01J8ZQ4Y3M0000000000000000',
    'evt_81J8ZQ4Y3M0000000000000000',
    'evt_01J8ZQ4Y3MI000000000000000',
  ])('is not in %p', (text) => expect(eventIdTime(text)).toBeUndefined());

  test('of a keyed event is some number', () => {
    expect(eventIdTime(keyedEventId('ten_1', 'key'))).toEqual(expect.any(Number));
  });
});
