import { describe, expect, test } from '@jest/globals';
import { interleave } from './interleave.ts';

const weights = new Map([
  ['often', 3],
  ['a', 1],
  ['b', 1],
  ['c', 1],
]);

describe('events of several kinds', () => {
  test('come as often as their weights say', () => {
    const round = interleave(weights);
    for (const [name, weight] of weights) expect(round.filter((each) => each === name)).toHaveLength(weight);
  });

  test('do not come in bursts', () => {
    expect(interleave(weights).join(' ')).not.toContain('often often');
  });
});
