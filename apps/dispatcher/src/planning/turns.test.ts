import { beforeEach, describe, expect, test } from '@jest/globals';
import type { NewRecord } from '@bellwire/messaging';
import type { Plan } from './plan-deliveries.ts';
import { openTurns } from './turns.ts';

const recordOf = (name: string, bytes = 1): NewRecord => ({ topic: 't', key: name, value: Buffer.alloc(bytes) });

/** So many records, named by the plan and their place; counts how many were made. */
const counting = () => {
  let made = 0;
  function* plan(name: string, records: number, bytes?: number): Plan {
    for (let nth = 0; nth < records; nth++) {
      made++;
      yield recordOf(`${name} ${nth}`, bytes);
    }
    return undefined;
  }
  return { plan, made: () => made };
};

/** So much passes each time that it is looked at. */
const stopwatch = { at: 0, msEachLook: 0, now: () => (stopwatch.at += stopwatch.msEachLook) };
beforeEach(() => {
  stopwatch.msEachLook = 0;
});

const namesIn = ({ records }: { records: readonly NewRecord[] }) => records.map(({ key }) => key);
const endsIn = ({ ended }: { ended: readonly { item: string }[] }) => ended.map(({ item }) => item);

describe('plans by turns', () => {
  test('a small event is written with the first slice of a large one of another tenant', () => {
    const { plan } = counting();
    const turns = openTurns<string>({ stopwatch });
    turns.add('large', plan('a', 13_000), 'a');
    turns.add('small', plan('b', 1), 'b');
    const first = turns.take();
    expect(namesIn(first)).toContain('b 0');
    expect(first.records.length).toBeLessThanOrEqual(1000);
    expect(endsIn(first)).toEqual(['b']);
  });

  test('events of one tenant are written in order', () => {
    const { plan } = counting();
    const turns = openTurns<string>({ stopwatch, slice: { records: 4, bytes: 1_000_000, ms: 1000 } });
    for (const name of ['a', 'b', 'c']) turns.add('one', plan(name, 3), name);
    const slices = [turns.take(), turns.take(), turns.take()];
    expect(slices.flatMap(namesIn)).toEqual(['a', 'b', 'c'].flatMap((name) => [0, 1, 2].map((n) => `${name} ${n}`)));
    expect(slices.flatMap(endsIn)).toEqual(['a', 'b', 'c']);
    expect(turns.isEmpty()).toBe(true);
  });

  test('records are made when they are taken, a slice of bytes at a time', () => {
    const { plan, made } = counting();
    const turns = openTurns<string>({ stopwatch, slice: { records: 1000, bytes: 10_000, ms: 1000 } });
    turns.add('one', plan('a', 400, 2000), 'a');
    expect(made()).toBe(0);
    expect(namesIn(turns.take())).toHaveLength(5);
    expect(made()).toBe(5);
  });

  test('a slice ends when planning it has taken its time', () => {
    const { plan } = counting();
    const turns = openTurns<string>({ stopwatch });
    for (const name of ['a', 'b']) turns.add(name, plan(name, 1000), name);
    stopwatch.msEachLook = 0.5;
    expect(namesIn(turns.take()).length).toBeLessThanOrEqual(50);
    stopwatch.msEachLook = 0;
    expect(namesIn(turns.take())).toHaveLength(1000);
  });

  test('a plan that writes nothing for long leaves the thread to others', () => {
    let pauses = 0;
    stopwatch.msEachLook = 1;
    const turns = openTurns<string>({ stopwatch });
    turns.add(
      'one',
      (function* (): Plan {
        for (; pauses < 1000; pauses++) yield undefined;
        return undefined;
      })(),
      'a',
    );
    expect(turns.take()).toMatchObject({ records: [], ended: [], failed: [] });
    expect(pauses).toBeLessThan(30);
  });

  test('what is not begun can be dropped; what is, is brought to its end', () => {
    const { plan } = counting();
    const turns = openTurns<string>({ stopwatch, slice: { records: 2, bytes: 1_000_000, ms: 1000 } });
    for (const name of ['a', 'b', 'c']) turns.add('one', plan(name, 3), name);
    expect(namesIn(turns.take())).toEqual(['a 0', 'a 1']);
    expect(turns.drop((name) => name !== 'c')).toEqual(['b']);
    expect([turns.take(), turns.take()].flatMap(namesIn)).toEqual(['a 2', 'c 0', 'c 1', 'c 2']);
  });

  test('a plan that throws ends alone, and the others are written', () => {
    const bug = new Error('a bug');
    const turns = openTurns<string>({ stopwatch });
    for (const name of ['a', 'bad', 'b']) {
      turns.add(
        name === 'a' ? 'one' : 'other',
        (function* (): Plan {
          yield recordOf(name);
          if (name === 'bad') throw bug;
          return undefined;
        })(),
        name,
      );
    }
    const slice = turns.take();
    expect(slice.failed).toEqual([{ item: 'bad', error: bug }]);
    expect(endsIn(slice)).toEqual(['a', 'b']);
    expect([...slice.items]).toEqual(['a', 'b']);
    expect(turns.isEmpty()).toBe(true);
  });

  test('whose slice was not written is forgotten, begun or not, and nobody else', () => {
    const { plan } = counting();
    const turns = openTurns<string>({ stopwatch, slice: { records: 2, bytes: 1_000_000, ms: 1000 } });
    for (const name of ['a', 'b']) turns.add('one', plan(name, 3), name);
    turns.forget(turns.take().items);
    expect([turns.take(), turns.take()].flatMap(namesIn)).toEqual(['b 0', 'b 1', 'b 2']);
  });
});
