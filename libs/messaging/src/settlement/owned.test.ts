import { describe, expect, test } from '@jest/globals';
import type { Commit, LogRecord, Subscription } from '../log.ts';
import { encodeCompleted } from './completed-offsets.ts';
import { readMetadata } from './commit-metadata.ts';
import { openOwned, type OwnedOptions } from './owned.ts';

const partition = { topic: 't', partition: 0 };
const recordAt = (offset: number): LogRecord => ({
  ...partition,
  offset,
  key: 'k',
  value: null,
  headers: {},
  timestampMs: 0,
});

/** A subscription that writes down what it is told. */
const listening = (): Subscription & { said: string[]; handedOver: Commit[] } => {
  const said: string[] = [];
  const handedOver: Commit[] = [];
  return {
    said,
    handedOver,
    isAwaited: () => true,
    handOver: async (commit) => void handedOver.push(commit),
    isHeard: () => true,
    pause: () => void said.push('pause'),
    resume: () => void said.push('resume'),
    commit: async (_commits: readonly Commit[]) => undefined,
    close: async () => undefined,
  };
};

const open = (records: number, changes: Partial<OwnedOptions> = {}) =>
  openOwned({
    limit: { records, bytes: 1000 },
    onChanged: () => undefined,
    onFewer: () => undefined,
    conclude: async () => undefined,
    onGone: () => undefined,
    onTaken: () => undefined,
    onFailure: (error) => {
      throw error;
    },
    ...changes,
  });

describe('owned partitions', () => {
  test('go on as they are when they are assigned again', () => {
    const owned = open(10);
    owned.assign(partition, undefined);
    owned.of(partition)?.admit(recordAt(0));
    owned.assign(partition, undefined);
    expect(owned.inFlight()).toBe(1);
    expect(owned.of(partition)?.admit(recordAt(0))).toBe(false);
  });

  test('begin anew when they come back, and keep what the old ones settle', () => {
    const owned = open(2);
    const subscription = listening();
    owned.attach(subscription);
    owned.assign(partition, undefined);
    const old = owned.of(partition);
    for (const offset of [0, 1]) old?.admit(recordAt(offset));
    old?.balance();
    owned.lose(partition);
    owned.assign(partition, undefined);
    const again = owned.of(partition);
    expect(again?.admit(recordAt(0))).toBe(true);
    // One was fetched again before it was settled, the other one comes later.
    old?.settle(0);
    old?.settle(1);
    expect(old?.isCurrent()).toBe(false);
    expect(again?.admit(recordAt(1))).toBe(false);
    expect(again?.admit(recordAt(2))).toBe(true);
    expect(owned.collect()).toEqual([{ ...partition, offset: 2, metadata: '' }]);
    expect(subscription.said).toEqual(['pause']);
  });

  test('know what they settled when they come back, although the group does not', () => {
    const owned = open(10);
    owned.attach(listening());
    owned.assign(partition, undefined);
    const old = owned.of(partition);
    for (const offset of [0, 1, 2, 3, 4]) old?.admit(recordAt(offset));
    for (const offset of [0, 1, 3]) old?.settle(offset);
    owned.lose(partition);
    // The next owner got as far as 1, and has done 4.
    owned.assign(partition, {
      ...partition,
      offset: 1,
      metadata: encodeCompleted(1, [{ first: 4, last: 4 }], 4000).text,
    });
    const again = [1, 2, 3, 4, 5].filter((offset) => owned.of(partition)?.admit(recordAt(offset)));
    expect(again).toEqual([2, 5]);
    const [commit] = owned.collect();
    expect(commit).toMatchObject({ offset: 2 });
    expect(readMetadata(commit ?? { offset: 0, metadata: '' }).completed).toEqual([{ first: 3, last: 4 }]);
  });

  test('begin anew where the group has gone back: it may be another topic', () => {
    const owned = open(10);
    owned.attach(listening());
    owned.assign(partition, undefined);
    const old = owned.of(partition);
    for (const offset of [0, 1, 2]) old?.admit(recordAt(offset));
    for (const offset of [0, 1]) old?.settle(offset);
    owned.collect();
    owned.committed();
    owned.lose(partition);
    owned.assign(partition, { ...partition, offset: 0, metadata: '' });
    old?.settle(2);
    expect([0, 1, 2].filter((offset) => owned.of(partition)?.admit(recordAt(offset)))).toEqual([0, 1, 2]);
  });

  test('pause what was full before the subscription was known, and commit nothing until then', () => {
    const owned = open(1);
    owned.assign(partition, undefined);
    owned.of(partition)?.admit(recordAt(0));
    owned.of(partition)?.balance();
    owned.of(partition)?.admit(recordAt(1));
    owned.of(partition)?.settle(0);
    expect(owned.collect()).toEqual([]);
    const subscription = listening();
    owned.attach(subscription);
    expect(subscription.said).toEqual(['pause']);
    expect(owned.collect()).toEqual([{ ...partition, offset: 1, metadata: '' }]);
  });

  test('are handed over when what was begun is settled, and not before', async () => {
    const owned = open(10);
    const subscription = listening();
    owned.attach(subscription);
    owned.assign(partition, undefined);
    const own = owned.of(partition);
    for (const offset of [0, 1, 2, 3]) own?.admit(recordAt(offset));
    own?.settle(0);
    owned.lose(partition);
    // 1 and 3 wait in memory, 2 is under way.
    own?.release(1);
    own?.release(3);
    owned.handOverIdle();
    expect(owned.inFlight()).toBe(1);
    expect(subscription.handedOver).toEqual([]);
    own?.settle(2);
    expect(owned.inFlight()).toBe(0);
    await Promise.resolve();
    expect(subscription.handedOver).toHaveLength(1);
    const [commit] = subscription.handedOver;
    expect(commit).toMatchObject({ ...partition, offset: 1 });
    expect(readMetadata({ offset: 1, metadata: commit?.metadata ?? '' }).completed).toEqual([{ first: 2, last: 2 }]);
    own?.settle(3);
    expect(subscription.handedOver).toHaveLength(1);
  });

  test('that have come back meanwhile are handed over as they are now, when nothing of before is under way', async () => {
    const owned = open(10);
    const subscription = listening();
    owned.attach(subscription);
    owned.assign(partition, undefined);
    const first = owned.of(partition);
    first?.admit(recordAt(0));
    owned.lose(partition);

    owned.assign(partition, { ...partition, offset: 0, metadata: '' });
    const second = owned.of(partition);
    for (const offset of [0, 1]) second?.admit(recordAt(offset));
    for (const offset of [0, 1]) second?.settle(offset);
    owned.lose(partition);
    owned.handOverIdle();
    await new Promise((resolve) => setImmediate(resolve));
    expect(subscription.handedOver).toEqual([]);

    first?.settle(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(subscription.handedOver).toEqual([{ ...partition, offset: 2, metadata: expect.any(String) }]);
    expect(owned.inFlight()).toBe(0);
  });

  test('that have come back while it was concluded for the next owner are not handed over', async () => {
    const gone: number[] = [];
    const concluded = Promise.withResolvers<void>();
    const owned = open(10, { conclude: () => concluded.promise, onGone: (of) => void gone.push(of.partition) });
    const subscription = listening();
    owned.attach(subscription);
    owned.assign(partition, undefined);
    owned.lose(partition);
    owned.handOverIdle();
    owned.assign(partition, { ...partition, offset: 0, metadata: '' });
    concluded.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect({ handedOver: subscription.handedOver, gone }).toEqual({ handedOver: [], gone: [] });
  });

  test('tell who waits for it when what was settled is committed, and when it is handed over', async () => {
    const owned = open(10);
    owned.attach(listening());
    owned.assign(partition, undefined);
    const own = owned.of(partition);
    for (const offset of [0, 1, 2, 3]) own?.admit(recordAt(offset));
    const told: number[] = [];
    own?.settle(0, () => told.push(0));
    owned.collect();
    // Settled while the commit is on its way: it is not part of it.
    own?.settle(1, () => told.push(1));
    expect(told).toEqual([]);
    owned.committed();
    expect(told).toEqual([0]);
    owned.collect();
    owned.giveBack();
    expect(told).toEqual([0]);
    owned.collect();
    owned.committed();
    expect(told).toEqual([0, 1]);
    own?.settle(2, () => told.push(2));
    owned.lose(partition);
    own?.settle(3, () => told.push(3));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([0, 1, 2, 3]);
  });
});
