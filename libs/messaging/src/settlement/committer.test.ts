import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Commit } from '../log.ts';
import { openCommitter } from './committer.ts';

const commit: Commit = { topic: 't', partition: 0, offset: 1, metadata: '' };

describe('committer', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const open = ({ fails = 0 } = {}) => {
    const madeAt: number[] = [];
    const failures: unknown[] = [];
    const begunAt = Date.now();
    const committer = openCommitter({
      intervalMs: 50,
      owned: { collect: () => [commit], committed: () => undefined, giveBack: () => undefined },
      commit: async () => {
        madeAt.push(Date.now() - begunAt);
        if (madeAt.length <= fails) throw new Error('no');
      },
      hurryAfter: 3,
      onFailure: (error) => failures.push(error),
    });
    return { committer, madeAt, failures };
  };

  test('gathers what comes within its interval', async () => {
    const { committer, madeAt } = open();
    committer.touch(2);
    await jest.advanceTimersByTimeAsync(30);
    committer.touch(2);
    await jest.advanceTimersByTimeAsync(200);
    expect(madeAt).toEqual([50]);
  });

  test('commits at once where many wait for it, also while it waits for its moment', async () => {
    const { committer, madeAt } = open();
    committer.touch(3);
    await jest.advanceTimersByTimeAsync(10);
    committer.touch(2);
    await jest.advanceTimersByTimeAsync(10);
    committer.touch(3);
    committer.touch(3);
    await jest.advanceTimersByTimeAsync(200);
    expect(madeAt).toEqual([0, 20]);
  });

  test('tries what fails again later and later, however many wait', async () => {
    const { committer, madeAt, failures } = open({ fails: 2 });
    committer.touch(3);
    await jest.advanceTimersByTimeAsync(10);
    committer.touch(3);
    await jest.advanceTimersByTimeAsync(500);
    expect(madeAt).toEqual([0, 100, 300]);
    expect(failures).toHaveLength(2);
  });
});
