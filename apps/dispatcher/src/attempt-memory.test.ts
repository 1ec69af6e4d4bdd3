import { describe, expect, test } from '@jest/globals';
import { makeAttemptMemory } from './attempt-memory.ts';

const at = (round: number, attempt: number) => ({ deliveryId: 'd', round, attempt });

describe('the memory of attempts', () => {
  test('lets each attempt of a round through once', () => {
    const memory = makeAttemptMemory(10);
    expect(memory.take(at(1, 1))).toBe(1);
    expect(memory.take(at(1, 1))).toBeUndefined();
    expect(memory.take(at(1, 2))).toBe(2);
    expect(memory.take(at(1, 1))).toBeUndefined();
  });

  test('drops a waiting retry once a new round has begun', () => {
    const memory = makeAttemptMemory(10);
    memory.take(at(1, 1));
    expect(memory.take(at(2, 2))).toBe(2);
    expect(memory.take(at(1, 2))).toBeUndefined();
  });

  test('goes on counting where the writer of a new round knew of fewer attempts', () => {
    const memory = makeAttemptMemory(10);
    memory.take(at(1, 4));
    expect(memory.take(at(2, 3))).toBe(5);
    expect(memory.take(at(2, 3))).toBeUndefined();
  });

  test('lets an attempt come again that was not made', () => {
    const memory = makeAttemptMemory(10);
    memory.take(at(1, 1));
    memory.giveBack(at(1, 1));
    expect(memory.take(at(1, 1))).toBe(1);
  });
});
