import { describe, expect, test } from '@jest/globals';
import { DeliveryRecord } from '@bellwire/contracts';
import type { Task } from '@bellwire/messaging';
import { makeAttemptMemory } from './attempt-memory.ts';
import { makeHandsOn } from './in-hand.ts';

const setUp = () => {
  const memory = makeAttemptMemory(10);
  const dropped: string[] = [];
  const said: string[] = [];
  const made = makeHandsOn({ memory, onDropped: (reason) => dropped.push(reason) });
  const lookAgain = ({ record }: Task<DeliveryRecord>): void => void said.push(`${record.key} looked at again`);
  const hands = { ...made, take: (task: Task<DeliveryRecord>) => made.take(task, lookAgain) };
  const owned = new Set<string>();
  /** A record of the delivery `d`; `name` is what is said of it. */
  const task = (name: string, round: number, attempt: number, spills = 0): Task<DeliveryRecord> => {
    const value = DeliveryRecord.fromPartial({ deliveryId: 'd', round, attempt, roundFirstAttempt: attempt, spills });
    owned.add(name);
    return {
      value,
      record: { topic: 'deliveries', partition: 0, offset: 0, key: name, value: null, headers: {}, timestampMs: 0 },
      settle: () => void said.push(`${name} settled`),
      fail: (error) => void said.push(`${name} failed: ${String(error)}`),
      release: () => void said.push(`${name} released`),
      mayBeTwice: false,
      isCurrent: () => owned.has(name),
    };
  };
  return { memory, hands, dropped, said, owned, task };
};

describe('deliveries in hand', () => {
  test('settle a repeat with the one that it repeats, never before it', () => {
    const { hands, said, dropped, task } = setUp();
    const first = hands.take(task('first', 1, 1));
    expect(hands.take(task('repeat', 1, 1))).toBeUndefined();
    expect({ said, dropped }).toEqual({ said: [], dropped: ['repeat'] });
    first?.settle();
    expect(said).toEqual(['first settled', 'repeat settled']);
  });

  test('that move on do not take along what has come back from their tier before that was known', () => {
    const { hands, said, task } = setUp();
    const first = hands.take(task('first', 1, 1, 3));
    expect(hands.take(task('repeat', 1, 1, 3))).toBeUndefined();
    expect(hands.take(task('successor', 1, 1, 4))).toBeUndefined();
    first?.moveOn();
    expect(said).toEqual(['first settled', 'repeat settled', 'successor looked at again']);
    expect(hands.take(task('successor', 1, 1, 4))?.delivery.spills).toBe(4);
  });

  test('come again when they were released, whatever was known of them', () => {
    const { hands, said, task } = setUp();
    hands.take(task('first', 1, 1))?.release();
    expect(said).toEqual(['first released']);
    expect(hands.take(task('again', 1, 1))?.delivery.attempt).toBe(1);
  });

  test('are released with their repeats, and a repeat that has moved away without them', () => {
    const { hands, said, owned, task } = setUp();
    const first = hands.take(task('first', 1, 1));
    hands.take(task('one', 1, 1));
    hands.take(task('other', 1, 1));
    owned.delete('one');
    hands.letGo();
    expect(said).toEqual(['one released']);
    first?.release();
    expect(said).toEqual(['one released', 'first released', 'one released', 'other released']);
  });

  test('settle what was made', () => {
    const { hands, memory, said, dropped, task } = setUp();
    memory.made({ deliveryId: 'd', round: 1, attempt: 2 });
    expect(hands.take(task('made', 1, 2))).toBeUndefined();
    expect(hands.take(task('next', 1, 3))?.delivery.attempt).toBe(3);
    expect({ said, dropped }).toEqual({ said: ['made settled'], dropped: ['attempt_made'] });
  });

  test('let a new round supersede one that waits, and count above what is under way', () => {
    const { hands, said, task } = setUp();
    const waiting = hands.take(task('waiting', 1, 4));
    const newer = hands.take(task('newer', 2, 3));
    expect(newer?.delivery.attempt).toBe(3);
    expect(hands.take(task('older', 1, 5))).toBeUndefined();
    expect(waiting && hands.isOver(waiting)).toBe(true);
    expect(said).toEqual(['older settled', 'waiting settled']);
    expect(newer && hands.isOver(newer)).toBe(false);
  });

  test('number a new round above an attempt that is under way', () => {
    const { hands, task } = setUp();
    const first = hands.take(task('first', 1, 4));
    if (first !== undefined) hands.begin(first);
    const newer = hands.take(task('newer', 2, 4));
    expect(newer?.delivery).toMatchObject({ attempt: 5, roundFirstAttempt: 5 });
    // Told by the attempt of the record, not by the number under which it goes on.
    expect(hands.take(task('repeat', 2, 4))).toBeUndefined();
    expect(hands.attemptsBefore({ deliveryId: 'd', round: 2 })).toBe(4);
  });

  test('do not begin what was cancelled while it waited', () => {
    const { hands, memory, said, task } = setUp();
    const inHand = hands.take(task('first', 1, 1));
    memory.end({ deliveryId: 'd', round: 1, attempt: 0 });
    expect(inHand && hands.isOver(inHand)).toBe(true);
    expect(said).toEqual(['first settled']);
  });
});
