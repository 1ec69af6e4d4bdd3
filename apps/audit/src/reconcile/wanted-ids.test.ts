import { expect, test } from '@jest/globals';
import { deliveryIdOf, newId } from '@bellwire/domain';
import { openWantedIds } from './wanted-ids.ts';

const idsOf = (count: number, from: number): string[] =>
  Array.from({ length: count }, (_, n) =>
    n % 2 === 0 ? deliveryIdOf(`evt_${from + n}`, 'ep_1', 1_700_000_000_000) : newId('evt', 1_700_000_000_000),
  );

test('knows exactly the ids that were added, and which of them were seen, however many there are', () => {
  const wanted = openWantedIds();
  const added = idsOf(20_000, 0);
  const others = idsOf(20_000, 20_000);
  for (const id of added) wanted.add(id, 1);
  for (const id of added) wanted.add(id, 1);
  expect(wanted.size()).toBe(20_000);
  for (const [nth, id] of added.entries()) if (nth % 3 === 0) wanted.see(id, 1);
  for (const id of others) wanted.see(id, 1);
  expect(added.every((id) => wanted.has(id))).toBe(true);
  expect(others.some((id) => wanted.has(id) || wanted.isSeen(id))).toBe(false);
  expect(added.filter((id, nth) => wanted.isSeen(id) !== (nth % 3 === 0))).toEqual([]);
});

test('a record of an older round does not count, one of a later round does', () => {
  const wanted = openWantedIds();
  wanted.add('a', 2);
  wanted.see('a', 1);
  expect(wanted.isSeen('a')).toBe(false);
  wanted.see('a', 3);
  expect(wanted.isSeen('a')).toBe(true);
});

test('what was seen stays so while more are added', () => {
  const wanted = openWantedIds();
  wanted.add('a', 1);
  wanted.see('a', 1);
  for (const id of idsOf(5000, 0)) wanted.add(id, 1);
  expect(wanted.isSeen('a')).toBe(true);
});
