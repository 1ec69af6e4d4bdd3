import { expect, test } from '@jest/globals';
import type { Commit } from '../log.ts';
import { openHandOver } from './hand-over.ts';
import { namesWith } from './names.ts';
import { openStanding } from './standing.ts';

const partition = { topic: 't', partition: 0 };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A member that has lost its partition while the group forms anew. */
const leaving = () => {
  const sent: number[] = [];
  const standing = openStanding(10_000);
  const handingOver = openHandOver({
    standing,
    names: namesWith(''),
    session: () => ({
      pause: () => undefined,
      resume: () => undefined,
      seek: () => undefined,
      commit: async (commits) => void sent.push(...commits.map(({ offset }) => offset)),
      stop: async () => undefined,
    }),
    memberId: () => 'm',
    isOurs: () => false,
    isClosed: () => false,
  });
  const at = (offset: number): Commit => ({ ...partition, offset, metadata: '' });
  return { sent, standing, handingOver, at };
};

test('a partition is handed over when the group is settled', async () => {
  const { sent, standing, handingOver, at } = leaving();
  handingOver.moved([partition]);
  const done = handingOver.handOver(at(3));
  await turn();
  expect(sent).toEqual([]);
  standing.settle();
  await done;
  expect(sent).toEqual([3]);
  expect(handingOver.isAwaited(partition)).toBe(false);
});

test('the last word of a move is not said in the next one, nor does it end that', async () => {
  const { sent, standing, handingOver, at } = leaving();
  handingOver.moved([partition]);
  const early = handingOver.handOver(at(3));
  await turn();
  // It comes back, and moves away again, before the first word could be said.
  handingOver.moved([partition]);
  standing.settle();
  await early;
  expect(sent).toEqual([]);
  expect(handingOver.isAwaited(partition)).toBe(true);
  await handingOver.handOver(at(15));
  expect(sent).toEqual([15]);
});
