import { describe, expect, test } from '@jest/globals';
import { oneAtATime } from './one-at-a-time.ts';

describe('one at a time', () => {
  test('what has the same key waits for what was called before, also where that fails', async () => {
    const inTurn = oneAtATime();
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const failing = inTurn('a', async () => {
      await gate.promise;
      seen.push('first');
      throw new Error('no');
    });
    const second = inTurn('a', async () => seen.push('second'));
    await inTurn('b', async () => seen.push('other'));
    expect(seen).toEqual(['other']);
    gate.resolve();
    await expect(failing).rejects.toThrow('no');
    await second;
    expect(seen).toEqual(['other', 'first', 'second']);
  });
});
