import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DeadLetterRecord } from '@bellwire/contracts';
import { eventually } from '../conformance/describe-log.ts';
import { startWorker, type Worker, type WorkerOptions } from '../settlement.ts';
import { simulatedLog, type SimulatedLog } from '../simulated/simulated-log.ts';
import type { Task } from './task.ts';

const times = { fewMs: 100, oneMs: 200, briefMs: 100, aliveMs: 150, againAfterMs: 10 };

describe('a record that ends the process', () => {
  let root: SimulatedLog;
  let failures: unknown[];
  const opened: { worker: Worker; log: SimulatedLog }[] = [];

  beforeEach(() => {
    root = simulatedLog({ partitions: 1 });
    failures = [];
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async ({ worker, log }) => (await worker.close(), log.close())));
    await root.close();
  });

  const produce = (...values: string[]) =>
    root.produce(values.map((value) => ({ topic: 't', key: 'k', value: Buffer.from(value) })));

  /** A process that consumes: it is gone when `take` says so, with whatever it had in hand. */
  const live = async (
    take: (task: Task<string>, die: () => void) => void,
    { log: shared, ...changes }: Omit<Partial<WorkerOptions<string>>, 'log'> & { log?: SimulatedLog } = {},
  ) => {
    const log = shared ?? root.connect();
    let dead = false;
    const die = (): void => {
      dead = true;
      void log.close();
    };
    const worker = await startWorker({
      log,
      topics: ['t'],
      group: 'g',
      decode: (bytes) => Buffer.from(bytes).toString(),
      handle: (tasks) => {
        for (const task of tasks) if (!dead) take(task, die);
      },
      times,
      onFailure: (error) => void failures.push(error),
      ...changes,
    });
    opened.push({ worker, log });
    return { worker, log, die, isDead: () => dead };
  };

  const committed = () => root.committed('g')[0];

  const letters = () =>
    root.records('dead-letters').flatMap(({ value }) => {
      const { letter } = DeadLetterRecord.decode(value ?? new Uint8Array());
      return letter?.$case === 'unreadable' ? [letter.value] : [];
    });

  /** Lives one life after the other until all is settled; answers how many ended. */
  const untilThrough = async (
    records: number,
    take: (task: Task<string>, die: () => void) => void,
  ): Promise<number> => {
    for (let crashes = 0; ; crashes++) {
      const { isDead } = await live(take);
      await eventually(() => isDead() || committed()?.offset === records);
      if (!isDead()) return crashes;
      if (crashes > 10) throw new Error('it goes on crashing');
    }
  };

  test.each([
    ['one of few in hand', ['1', '2', 'poison', '3']],
    ['the only one', ['poison']],
  ])('is put aside after three crashes where it is %s', async (_what, values) => {
    await produce(...values);
    const done = new Set<string>();
    const crashes = await untilThrough(values.length, (task, die) => {
      if (task.value === 'poison') return void setTimeout(die, 5);
      setTimeout(() => (done.add(task.value), task.settle()), 20);
    });
    expect(crashes).toBe(3);
    expect(letters()).toMatchObject([{ offset: values.indexOf('poison'), kind: 'crashed', failures: 3 }]);
    expect(done.size).toBe(values.length - 1);
  });

  test('is put aside after three crashes where it comes when others have been done for long', async () => {
    const take = (task: Task<string>, die: () => void) =>
      task.value === 'poison' ? die() : void setTimeout(() => task.settle(), 5);
    await produce(...Array.from({ length: 100 }, (_, i) => `${i}`));
    const { isDead } = await live(take);
    await eventually(() => committed()?.offset === 100);
    await produce('poison', 'a');
    await eventually(isDead);
    expect(1 + (await untilThrough(102, take))).toBe(3);
    expect(letters()).toMatchObject([{ offset: 100, kind: 'crashed', failures: 3 }]);
  });

  test('is put aside after four crashes where many are in hand, and all others are delivered', async () => {
    const values = Array.from({ length: 300 }, (_, i) => (i === 150 ? 'poison' : `${i}`));
    await produce(...values);
    const done = new Set<string>();
    const crashes = await untilThrough(300, (task, die) => {
      if (task.value === 'poison') return void setTimeout(die, 5);
      setTimeout(() => (done.add(task.value), task.settle()), 20);
    });
    expect(crashes).toBe(4);
    expect(letters()).toMatchObject([{ topic: 't', offset: 150, kind: 'crashed', consumerGroup: 'g', failures: 4 }]);
    expect(done.size).toBe(299);
  });

  test('is found among others of its kind, and at the end of the log', async () => {
    await produce('a', 'poison 1', 'b', 'poison 2');
    const done = new Set<string>();
    const crashes = await untilThrough(4, (task, die) => {
      if (task.value.startsWith('poison')) return die();
      setTimeout(() => (done.add(task.value), task.settle()), 5);
    });
    // The second needs no first crash of its own: what follows one goes on with care.
    expect(crashes).toBeLessThanOrEqual(8);
    expect(letters().map(({ offset }) => offset)).toEqual([1, 3]);
    expect([...done].sort()).toEqual(['a', 'b']);
  });

  test.each([
    { kills: 2, hanging: 1 },
    { kills: 3, hanging: 30 },
  ])('is none of $hanging that hang where somebody else kills the process $kills times', async ({ kills, hanging }) => {
    await produce(...Array.from({ length: 100 }, (_, i) => `${i}`));
    const done = new Set<string>();
    for (let kill = 0; kill < kills; kill++) {
      const life = await live((task) => {
        if (Number(task.value) >= hanging) setTimeout(() => (done.add(task.value), task.settle()), 5);
      });
      await new Promise((resolve) => setTimeout(resolve, 60));
      life.die();
    }
    await live((task) => (done.add(task.value), task.settle()));
    await eventually(() => done.size === 100 && committed()?.offset === 100);
    expect(letters()).toEqual([]);
  });

  test('is not what another worker of the process had alone in hand before, and has settled', async () => {
    await root.produce([
      { topic: 'u', key: 'k', value: Buffer.from('slow') },
      { topic: 't', key: 'k', value: Buffer.from('poison') },
    ]);
    const settleLater = (task: Task<string>): void => void setTimeout(() => task.settle(), 20);
    for (let crashes = 0; ; crashes++) {
      expect(crashes).toBeLessThan(6);
      const { log } = await live(settleLater, { topics: ['u'], group: 'h' });
      const { isDead } = await live((_task, die) => void setTimeout(die, 5), { log });
      await eventually(() => isDead() || letters().length > 0);
      if (!isDead()) break;
    }
    expect(letters()).toMatchObject([{ topic: 't', kind: 'crashed' }]);
    await eventually(() => root.committed('h')[0]?.offset === 1);
    expect(letters()).toHaveLength(1);
  });

  test('is not looked for after an end in order', async () => {
    await produce('a', 'b', 'c');
    for (let start = 0; start < 4; start++) {
      const { worker } = await live((task) => void task);
      await eventually(() => worker.inFlight() === 3 && committed()?.metadata.startsWith('!0.0.') === true);
      await worker.close();
      expect(committed()).toMatchObject({ offset: 0, metadata: '' });
    }
  });

  test('is looked for where the process ends by a failure, and closes what it can', async () => {
    await produce('poison');
    for (let start = 0; start < 3; start++) {
      const failed = Promise.withResolvers<void>();
      const { worker } = await live(() => failed.resolve(), { endsInOrder: () => false });
      await failed.promise;
      await worker.close();
    }
    await live((task) => task.settle());
    await eventually(() => committed()?.offset === 1);
    expect(letters()).toMatchObject([{ offset: 0, kind: 'crashed' }]);
  });

  test('costs one commit before the first record, and care ends when a life lasts', async () => {
    await produce('a');
    const first = await live((task) => task.settle());
    await eventually(() => committed()?.offset === 1);
    first.die();
    await produce('b');
    await live((task) => task.settle());
    await eventually(() => committed()?.offset === 2);
    expect(committed()?.metadata).toMatch(/^!1\.2\./);
    await eventually(() => committed()?.metadata.startsWith('!0.0.') === true);
  });
});
