import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DeadLetterRecord } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { eventually } from './conformance/describe-log.ts';
import type { NewRecord } from './log.ts';
import type { Task } from './settlement/task.ts';
import { eachTask } from './settlement/each-task.ts';
import type { PutAside } from './settlement/put-aside-letter.ts';
import { startWorker, type Worker, type WorkerOptions } from './settlement.ts';
import { simulatedLog, type SimulatedLog } from './simulated/simulated-log.ts';

const record = (text: string, key = 'k'): NewRecord => ({ topic: 't', key, value: Buffer.from(text) });
const numbered = (count: number): NewRecord[] => Array.from({ length: count }, (_, i) => record(`${i}`));

describe('worker', () => {
  let root: SimulatedLog;
  let log: SimulatedLog;
  let failures: unknown[];
  const running: Worker[] = [];

  const start = async (changes: Partial<WorkerOptions<string>> = {}) => {
    const tasks: Task<string>[] = [];
    const worker = await startWorker({
      log,
      topics: ['t'],
      group: 'g',
      decode: (bytes) => Buffer.from(bytes).toString(),
      handle: (batch) => void tasks.push(...batch),
      onFailure: (error) => void failures.push(error),
      ...changes,
    });
    running.push(worker);
    return { worker, tasks };
  };

  const values = (tasks: readonly Task<string>[]): string[] => tasks.map((task) => task.value);

  const committedOffset = (partition = 0): number =>
    root.committed('g').find((commit) => commit.partition === partition)?.offset ?? 0;

  beforeEach(() => {
    root = simulatedLog({ partitions: 1 });
    log = root.connect();
    failures = [];
  });

  afterEach(async () => {
    for (const worker of running.splice(0)) await worker.close();
    await log.close();
    await root.close();
  });

  test('repeats after a restart only what was in flight', async () => {
    const { worker, tasks } = await start();
    await root.produce(numbered(10));
    await eventually(() => tasks.length === 10);
    for (const index of [0, 1, 4, 5, 9]) tasks[index]?.settle();
    await worker.close();
    expect(committedOffset()).toBe(2);

    const { tasks: repeated } = await start();
    await eventually(() => repeated.length === 5);
    expect(values(repeated)).toEqual(['2', '3', '6', '7', '8']);
  });

  test('commits while work completes, without being asked', async () => {
    const { tasks } = await start();
    await root.produce(numbered(3));
    await eventually(() => tasks.length === 3);
    for (const task of tasks) task.settle();
    await eventually(() => committedOffset() === 3);
  });

  test.each([1, 4, 16])('holds no more than its window has in all, over %i partitions', async (partitions) => {
    const wide = simulatedLog({ partitions, batchRecords: 1 });
    const sized = (nth: number): NewRecord => ({ topic: 't', key: `key ${nth}`, value: Buffer.alloc(100) });
    await wide.produce(Array.from({ length: 400 }, (_, nth) => sized(nth)));
    const totalBytes = 6400;
    const { worker, tasks } = await start({ log: wide, window: { records: 1000, bytes: 1_000_000, totalBytes } });
    await eventually(() => tasks.length >= Math.max(partitions, totalBytes / 2 / 110));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(worker.inFlight() * 100).toBeLessThanOrEqual(totalBytes / 2 + partitions * 110);
    for (let done = 0; done < 400;) {
      await eventually(() => tasks.length > done);
      while (done < tasks.length) tasks[done++]?.settle();
    }
    expect(worker.inFlight()).toBe(0);
    await worker.close();
  });

  test('stops fetching when its window is full, and goes on when half of it is done', async () => {
    root = simulatedLog({ partitions: 1, batchRecords: 1 });
    log = root.connect();
    const { tasks } = await start({ window: { records: 10, bytes: 1_000_000 } });
    await root.produce(numbered(30));
    await eventually(() => tasks.length === 10);
    for (const task of tasks.slice(1, 5)) task.settle();
    await eventually(() => root.committed('g')[0]?.metadata !== undefined);
    expect(tasks.length).toBe(10);
    tasks[0]?.settle();
    await eventually(() => tasks.length === 15);
    expect(values(tasks)).toEqual(Array.from({ length: 15 }, (_, i) => `${i}`));
  });

  test('goes on past a record that takes long, but not without end', async () => {
    root = simulatedLog({ partitions: 1, batchRecords: 1 });
    log = root.connect();
    const { tasks } = await start({ window: { records: 10, bytes: 1_000_000 } });
    await root.produce(numbered(150));
    // Everything but the first is done as it comes: the window reaches ten times its size, and then it is full.
    await eventually(() => {
      for (const task of tasks.slice(1)) task.settle();
      return tasks.length === 100;
    });
    await eventually(() => root.committed('g')[0]?.metadata !== undefined);
    expect(tasks.length).toBe(100);
    tasks[0]?.settle();
    await eventually(() => {
      for (const task of tasks) task.settle();
      return tasks.length === 150;
    });
  });

  test('stops fetching when too many bytes are in flight', async () => {
    root = simulatedLog({ partitions: 1, batchRecords: 1 });
    log = root.connect();
    const { tasks } = await start({ window: { records: 1000, bytes: 100 } });
    await root.produce(Array.from({ length: 5 }, () => record('x'.repeat(60))));
    await eventually(() => tasks.length === 2);
    tasks[0]?.settle();
    tasks[1]?.settle();
    await eventually(() => tasks.length === 4);
  });

  test('drops completions of a partition that has moved', async () => {
    root = simulatedLog({ partitions: 2 });
    log = root.connect();
    const { tasks } = await start();
    await root.produce(Array.from({ length: 20 }, (_, i) => record(`${i}`, `k${i}`)));
    await eventually(() => tasks.length === 20);
    const other = root.connect();
    const { tasks: moved } = await start({ log: other });
    await eventually(() => moved.length > 0);
    const lost = tasks.filter((task) => !task.isCurrent());
    expect(new Set(values(lost))).toEqual(new Set(values(moved)));
    for (const task of tasks) task.settle();
    const movedPartition = moved[0]?.record.partition;
    await eventually(() => root.committed('g').some((commit) => commit.partition !== movedPartition));
    expect(committedOffset(movedPartition)).toBe(0);
    for (const task of moved) task.settle();
    await eventually(() => committedOffset(movedPartition) === moved.length);
  });

  test('commits again until it succeeds', async () => {
    const { tasks } = await start();
    root.faults.failCommit(3);
    await root.produce(numbered(2));
    await eventually(() => tasks.length === 2);
    for (const task of tasks) task.settle();
    await eventually(() => committedOffset() === 2);
    expect(failures).toHaveLength(3);
  });

  test('sends a record that it cannot read to dead-letters and moves on', async () => {
    const { tasks, worker } = await start({
      decode(bytes) {
        if (bytes[0] === 120) throw new Error('begins with x');
        return Buffer.from(bytes).toString();
      },
    });
    root.faults.failProduce(0);
    await root.produce([record('good'), record('xbad', 'key'), { topic: 't', key: 'k', value: null }, record('fine')]);
    await eventually(() => tasks.length === 2);
    for (const task of tasks) task.settle();
    await eventually(() => committedOffset() === 4);
    const letters = root
      .records('dead-letters')
      .map((r) => DeadLetterRecord.decode(r.value ?? new Uint8Array()).letter);
    expect(letters).toMatchObject([
      { $case: 'unreadable', value: { topic: 't', partition: 0, offset: 1, error: 'begins with x' } },
      { $case: 'unreadable', value: { topic: 't', partition: 0, offset: 2, error: 'the record has no value' } },
    ]);
    expect(worker.stats().unreadable).toBe(2);
  });

  test('holds an unreadable record in flight until the dead letter is kept', async () => {
    const { worker } = await start({
      decode() {
        throw new Error('never');
      },
    });
    await root.produce([record('x')]);
    root.faults.failProduce(2);
    await eventually(() => failures.length === 2);
    expect(worker.inFlight()).toBe(1);
    await eventually(() => worker.inFlight() === 0 && committedOffset() === 1);
    expect(root.records('dead-letters')).toHaveLength(1);
  });

  test('drains: takes nothing new, waits for the old, commits', async () => {
    const { tasks, worker } = await start();
    await root.produce(numbered(3));
    await eventually(() => tasks.length === 3);
    const drained = worker.drain(10_000);
    await root.produce(numbered(3));
    expect(worker.inFlight()).toBe(3);
    for (const task of tasks) task.settle();
    await drained;
    expect(committedOffset()).toBe(3);
    expect(tasks).toHaveLength(3);
  });

  test('gives up draining after the time given, with what is settled committed', async () => {
    const { tasks, worker } = await start();
    await root.produce(numbered(3));
    await eventually(() => tasks.length === 3);
    tasks[0]?.settle();
    await worker.drain(30);
    expect(committedOffset()).toBe(1);
    expect(worker.inFlight()).toBe(2);
  });

  test('puts a record aside whose handling throws three times, and its neighbours go on', async () => {
    const taken: string[] = [];
    const asides: PutAside[] = [];
    const { worker } = await start({
      handle(batch) {
        if (batch.some(({ value }) => value === '2')) throw new Error('a bug');
        for (const task of batch) {
          taken.push(task.value);
          task.settle();
        }
      },
      times: { againAfterMs: 10 },
      withLetter: ({ record: { offset } }) => [{ topic: 'told', key: 'k', value: Buffer.from(`${offset}`) }],
      onPutAside: (aside) => void asides.push(aside),
    });
    await root.produce(numbered(5));
    await eventually(() => committedOffset() === 5);
    expect(taken.toSorted()).toEqual(['0', '1', '3', '4']);
    expect(asides).toMatchObject([{ kind: 'failed', failures: 3, record: { offset: 2 } }]);
    expect(worker.stats()).toMatchObject({ putAside: 1 });
    const [letter] = root.records('dead-letters');
    expect(DeadLetterRecord.decode(letter?.value ?? new Uint8Array()).letter?.value).toMatchObject({
      topic: 't',
      offset: 2,
      kind: 'failed',
      failures: 3,
      consumerGroup: 'g',
      error: 'a bug',
      value: Buffer.from('2'),
    });
    expect(root.records('told')).toHaveLength(1);
  });

  test("tries a task again that says later that it failed, and a task that fails once is nobody else's failure", async () => {
    const taken: string[] = [];
    await start({
      handle: eachTask((task) => {
        taken.push(task.value);
        if (taken.filter((value) => value === task.value).length > 1 || task.value === '0') return task.settle();
        if (task.value === '1') throw new Error('at once');
        setTimeout(() => task.fail(new Error('later')), 5);
      }),
      times: { againAfterMs: 10 },
    });
    await root.produce(numbered(3));
    await eventually(() => committedOffset() === 3);
    expect(taken.toSorted()).toEqual(['0', '1', '1', '2', '2']);
    expect(root.records('dead-letters')).toEqual([]);
  });

  test('goes on trying while it is our own stores that fail', async () => {
    let tries = 0;
    await start({
      handle: eachTask((task) => {
        if (++tries > 5) return task.settle();
        throw new Fault('LOG_UNAVAILABLE', 'The log cannot be reached.');
      }),
      times: { againAfterMs: 5 },
    });
    await root.produce(numbered(1));
    await eventually(() => committedOffset() === 1);
    expect(tries).toBe(6);
    expect(root.records('dead-letters')).toEqual([]);
  });

  test("puts at most thirty a minute aside: then it is hardly the records' fault", async () => {
    const { worker } = await start({
      handle() {
        throw new Error('a bug in all of it');
      },
      times: { againAfterMs: 1 },
    });
    await root.produce(numbered(40));
    await eventually(() => root.records('dead-letters').length === 30);
    const seen = failures.length;
    await eventually(() => failures.length > seen + 20);
    expect(worker.inFlight()).toBe(10);
    expect(root.records('dead-letters')).toHaveLength(30);
  });

  test('writes no letter about a dead letter', async () => {
    const { worker } = await start({
      topics: ['dead-letters'],
      handle() {
        throw new Error('a bug');
      },
      times: { againAfterMs: 1 },
    });
    await root.produce([{ ...record('letter'), topic: 'dead-letters' }]);
    await eventually(() => worker.stats().putAside === 1 && committedOffset() === 1);
    expect(root.records('dead-letters')).toHaveLength(1);
  });

  test('loses nothing and repeats only what was in flight through crashes, moves and faults', async () => {
    root = simulatedLog({ partitions: 3, batchRecords: 7, commitFails: 0.2, random: seeded(42) });
    const random = seeded(7);
    const settledTimes = new Map<string, number>();
    const total = 600;
    for (let round = 0; round < 6; round++) {
      const client = root.connect();
      const { worker, tasks } = await start({ log: client, window: { records: 20, bytes: 1_000_000 } });
      await root.produce(Array.from({ length: 100 }, (_, i) => record(`${round}/${i}`, `k${i}`)));
      const settleSome = (): boolean => {
        for (const task of tasks.splice(0)) {
          if (random() < 0.3) tasks.push(task);
          else if (task.isCurrent()) {
            task.settle();
            settledTimes.set(task.value, (settledTimes.get(task.value) ?? 0) + 1);
          }
        }
        return settledTimes.size >= 60 * (round + 1);
      };
      await eventually(settleSome);
      if (round % 2 === 0) await worker.close();
      else await client.close();
    }
    log = root.connect();
    const { tasks } = await start();
    await eventually(() => {
      for (const task of tasks.splice(0)) {
        task.settle();
        settledTimes.set(task.value, (settledTimes.get(task.value) ?? 0) + 1);
      }
      return settledTimes.size === total;
    });
  });
});

/** mulberry32: small and good enough to choose by. */
const seeded = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};
