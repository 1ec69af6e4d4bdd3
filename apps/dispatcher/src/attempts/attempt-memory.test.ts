import { describe, expect, test } from '@jest/globals';
import { makeAttemptMemory } from './attempt-memory.ts';

const at = (round: number, attempt: number) => ({ deliveryId: 'd', round, attempt });

describe('the memory of attempts', () => {
  test('knows an attempt that was made, those before it and older rounds for stale', () => {
    const memory = makeAttemptMemory(10);
    expect(memory.staleness(at(1, 1))).toBeUndefined();
    memory.made(at(2, 3));
    expect(memory.staleness(at(2, 3))).toBe('attempt_made');
    expect(memory.staleness(at(2, 2))).toBe('attempt_made');
    expect(memory.staleness(at(1, 4))).toBe('older_round');
    expect(memory.staleness(at(2, 4))).toBeUndefined();
    expect(memory.staleness(at(3, 3))).toBeUndefined();
    expect(memory.attemptsOf('d')).toBe(3);
  });

  test('keeps what is later where an earlier attempt is told of afterwards', () => {
    const memory = makeAttemptMemory(10);
    memory.made(at(2, 5));
    memory.made(at(2, 4));
    memory.made(at(1, 6));
    expect(memory.staleness(at(2, 5))).toBe('attempt_made');
    expect(memory.attemptsOf('d')).toBe(5);
  });

  test('knows nothing of a cancelled round for work, and counts its attempts', () => {
    const memory = makeAttemptMemory(10);
    memory.end(at(1, 3));
    expect(memory.staleness(at(1, 4))).toBe('cancelled');
    expect(memory.staleness(at(2, 4))).toBeUndefined();
    expect(memory.attemptsOf('d')).toBe(3);
  });

  test('keeps a later end when an older one comes again', () => {
    const memory = makeAttemptMemory(10);
    memory.end(at(2, 4));
    memory.end(at(1, 3));
    expect(memory.staleness(at(2, 4))).toBe('cancelled');
    expect(memory.attemptsOf('d')).toBe(4);
  });
});
