import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { shareOut, type Claim, type Shares } from './sticky-assignment.ts';

const topicNames = ['deliveries', 'events', 'retries.1s', 'retries.5m'];

const partitions = fc
  .array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 })
  .map((counts) => new Map(counts.map((count, i) => [topicNames[i] ?? '', count])));

const claim = (memberId: string, topics: readonly string[], shares?: Shares): Claim => ({
  memberId,
  topics,
  owned: shares?.get(memberId) ?? {},
  claimedAtMs: 1000,
});

const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 });

/** As one group after another would hand it on: some members, then others of them. */
const history = fc.tuple(partitions, ids, fc.array(ids, { maxLength: 4 })).map(([counts, first, later]) => {
  const topics = [...counts.keys()];
  let members: readonly string[] = first;
  let shares = shareOut(
    members.map((id) => claim(id, topics)),
    counts,
  );
  for (const next of later) {
    members = next;
    const before = shares;
    shares = shareOut(
      members.map((id) => claim(id, topics, before)),
      counts,
    );
  }
  return { counts, topics, members, shares };
});

const names = (share: Readonly<Record<string, readonly number[]>> = {}): string[] =>
  Object.entries(share).flatMap(([topic, list]) => list.map((partition) => `${topic}/${partition}`));

const spread = (numbers: readonly number[]): number => Math.max(...numbers) - Math.min(...numbers);

describe('sharing partitions out', () => {
  test('gives every partition to exactly one member', () => {
    fc.assert(
      fc.property(history, ({ counts, shares }) => {
        const all = [...shares.values()].flatMap(names).sort();
        const wanted = [...counts].flatMap(([topic, count]) =>
          Array.from({ length: count }, (_, i) => `${topic}/${i}`),
        );
        expect(all).toEqual(wanted.sort());
      }),
    );
  });

  test('is fair within one, for each topic and for all together', () => {
    fc.assert(
      fc.property(history, ({ topics, members, shares }) => {
        for (const topic of topics)
          expect(spread(members.map((id) => shares.get(id)?.[topic]?.length ?? 0))).toBeLessThanOrEqual(1);
        expect(spread(members.map((id) => names(shares.get(id)).length))).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('moves nothing where the members stay the same, in whatever order they are named', () => {
    fc.assert(
      fc.property(history, ({ counts, topics, members, shares }) => {
        const again = members.toReversed().map((id) => claim(id, topics, shares));
        expect(new Map(shareOut(again, counts))).toEqual(new Map(shares));
      }),
    );
  });

  test('moves partitions of one topic only to a member that joins, and only from one that leaves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 8 }), (count, size) => {
        const counts = new Map([['events', count]]);
        const members = Array.from({ length: size }, (_, i) => `m${i}`);
        const before = shareOut(
          members.map((id) => claim(id, ['events'])),
          counts,
        );
        const joined = shareOut(
          [...members, 'new'].map((id) => claim(id, ['events'], before)),
          counts,
        );
        for (const id of members)
          for (const name of names(joined.get(id))) expect(names(before.get(id))).toContain(name);
        const left = shareOut(
          members.map((id) => claim(id, ['events'], joined)),
          counts,
        );
        for (const id of members) expect(names(left.get(id))).toEqual(expect.arrayContaining(names(joined.get(id))));
      }),
    );
  });

  test('gives a topic only to those who read it', () => {
    const shares = shareOut(
      [claim('a', ['events']), claim('b', ['events', 'audit'])],
      new Map([
        ['audit', 3],
        ['events', 2],
      ]),
    );
    expect(names(shares.get('a'))).toEqual(['events/0', 'events/1'].slice(0, names(shares.get('a')).length));
    expect(shares.get('b')?.['audit']).toEqual([0, 1, 2]);
  });

  test('believes the later of two who claim the same, and takes no claim beyond what there is', () => {
    const zombie = { ...claim('a', ['t']), owned: { t: [0, 1, 99] }, claimedAtMs: 1 };
    const owner = { ...claim('b', ['t']), owned: { t: [0] }, claimedAtMs: 2 };
    const shares = shareOut([zombie, owner], new Map([['t', 2]]));
    expect(shares.get('b')).toEqual({ t: [0] });
    expect(shares.get('a')).toEqual({ t: [1] });
  });
});
