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
    memory.start(at(1, 4));
    expect(memory.take(at(2, 3))).toBe(5);
    expect(memory.take(at(2, 3))).toBeUndefined();
  });

  test('lets an attempt come again that was not made', () => {
    const memory = makeAttemptMemory(10);
    memory.take(at(1, 1));
    memory.giveBack(at(1, 1));
    expect(memory.take(at(1, 1))).toBe(1);
  });

  test('starts nothing that a new round has superseded, and counts only what was made', () => {
    const memory = makeAttemptMemory(10);
    memory.take(at(1, 2));
    expect(memory.take(at(2, 2))).toBe(2);
    expect(memory.start(at(1, 2))).toBe(false);
    expect(memory.start(at(2, 2))).toBe(true);
  });

  test('takes and starts nothing of a round that was ended, and goes on counting in the next', () => {
    const memory = makeAttemptMemory(10);
    memory.take(at(1, 3));
    memory.start(at(1, 3));
    memory.take(at(1, 4));
    expect(memory.end(at(1, 2))).toBe(3);
    expect(memory.start(at(1, 4))).toBe(false);
    expect(memory.take(at(1, 5))).toBeUndefined();
    expect(memory.take(at(2, 3))).toBe(4);
    expect(memory.start(at(2, 4))).toBe(true);
  });

  test('ends a round of which it knew nothing', () => {
    const memory = makeAttemptMemory(10);
    expect(memory.end(at(1, 3))).toBe(2);
    expect(memory.take(at(1, 3))).toBeUndefined();
    expect(memory.take(at(2, 3))).toBe(3);
  });

  test('keeps a later end when an older one comes again', () => {
    const memory = makeAttemptMemory(10);
    memory.end(at(2, 4));
    memory.end(at(1, 3));
    memory.learnEnd(at(1, 3));
    expect(memory.take(at(2, 4))).toBeUndefined();
    expect(memory.take(at(3, 3))).toBe(4);
  });
});
