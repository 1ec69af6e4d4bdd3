import { expect, test } from '@jest/globals';
import { EventRecord } from '@bellwire/contracts';
import { makeRepeatedEvents } from './repeated-events.ts';

const aTask = () => {
  const said: string[] = [];
  const value = EventRecord.fromPartial({ eventId: 'evt_1', idempotencyKey: 'key', acceptedAtMs: 1 });
  const say = (what: string) => () => void said.push(what);
  return { value, settle: say('settled'), release: say('released'), fail: say('failed'), said };
};

test('a first one that is not routed here after all leaves its repeats to the next owner too, and is first again', () => {
  const repeats = makeRepeatedEvents(() => undefined);
  const [first, repeat, again] = [aTask(), aTask(), aTask()];
  expect([repeats.isFirst(first), repeats.isFirst(repeat)]).toEqual([true, false]);
  repeats.released(first);
  expect([first.said, repeat.said]).toEqual([['released'], ['released']]);
  expect(repeats.isFirst(again)).toBe(true);
});

test('a first one that fails takes its repeats along, and the next of them to come is first again', () => {
  const repeats = makeRepeatedEvents(() => undefined);
  const [first, repeat] = [aTask(), aTask()];
  expect([repeats.isFirst(first), repeats.isFirst(repeat)]).toEqual([true, false]);
  repeats.failed(first, new Error('a bug'));
  expect([first.said, repeat.said]).toEqual([['failed'], ['failed']]);
  expect([repeats.isFirst(repeat), repeats.isFirst(first)]).toEqual([true, false]);
});
