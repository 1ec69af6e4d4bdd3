import { describe, expect, test } from '@jest/globals';
import { clusterArguments } from './cluster-arguments.ts';

describe('the arguments of the cluster', () => {
  test('are none, addresses, or the wish for help', () => {
    expect(clusterArguments([])).toEqual({ kind: 'run', kafka: undefined, postgres: undefined });
    expect(clusterArguments(['--kafka', 'a:1,b:2', '--postgres=postgres://h/d'])).toEqual({
      kind: 'run',
      kafka: 'a:1,b:2',
      postgres: 'postgres://h/d',
    });
    expect(clusterArguments(['-h'])).toEqual({ kind: 'help' });
  });

  test.each([
    [['--bogus', 'x'], '--bogus'],
    [['--kafka'], '--kafka'],
    [['--kafka='], '--kafka'],
    [['--postgres', '--kafka', 'a:1'], '--postgres'],
    [['a:1'], 'a:1'],
  ])('%j are wrong, and the sentence says which', (args, named) => {
    const found = clusterArguments(args);
    expect(found).toMatchObject({ kind: 'wrong', problem: expect.stringContaining(named) });
  });
});
