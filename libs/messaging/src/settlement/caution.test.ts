import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DeadLetterRecord } from '@bellwire/contracts';
import { eventually } from '../conformance/describe-log.ts';
import { startWorker, type Worker, type WorkerOptions } from '../settlement.ts';
import { simulatedLog, type SimulatedLog } from '../simulated/simulated-log.ts';
import type { Task } from './task.ts';

const times = { fewMs: 100, oneMs: 200, aliveMs: 150, againAfterMs: 10 };

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
    changes: Partial<WorkerOptions<string>> = {},
  ) => {
    const log = root.connect();
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
    return { worker, die, isDead: () => dead };
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

  test('is put aside after four crashes, and all others are delivered', async () => {
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

  test('leaves what is alone in hand in peace where somebody else kills the process three times', async () => {
    await produce(...Array.from({ length: 100 }, (_, i) => `${i}`));
    const done = new Set<string>();
    // The first hangs: it is the one in hand, each time.
    for (let kill = 0; kill < 3; kill++) {
      const life = await live((task) => {
        if (task.value !== '0') setTimeout(() => (done.add(task.value), task.settle()), 5);
      });
      await new Promise((resolve) => setTimeout(resolve, 60));
      life.die();
    }
    await live((task) => (done.add(task.value), task.settle()));
    await eventually(() => done.size === 100 && committed()?.offset === 100);
    expect(letters()).toEqual([]);
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
    for (let start = 0; start < 4; start++) {
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
    expect(committed()?.metadata).toMatch(/^!1\.1\./);
    await eventually(() => committed()?.metadata.startsWith('!0.0.') === true);
  });
});
