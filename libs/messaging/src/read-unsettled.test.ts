import { describe, expect, test } from '@jest/globals';
import { eventually, record, spec, texts } from './conformance/recorder.ts';
import type { LogRecord } from './log.ts';
import { readUnsettled, type ReadUnsettledOptions } from './read-unsettled.ts';
import { startWorker } from './settlement.ts';
import { readMetadata } from './settlement/commit-metadata.ts';
import type { Task } from './settlement/task.ts';
import { simulatedLog } from './simulated/simulated-log.ts';

const never = new AbortController().signal;

/** A log with the topics a and b, and how to read what is not settled on it. */
const aLog = async () => {
  const log = simulatedLog();
  await log.topics([spec('a', 2), spec('b', 2)]);
  const unsettled = async (topicsOf: ReadUnsettledOptions['topicsOf']): Promise<string[]> => {
    const found: LogRecord[] = [];
    const count = await readUnsettled({ log, topicsOf, take: (one) => void found.push(one), signal: never });
    expect(count).toBe(found.length);
    return texts(found).sort();
  };
  return { log, unsettled };
};

const consumeA = async (log: ReturnType<typeof simulatedLog>) => {
  const tasks: Task<string>[] = [];
  const worker = await startWorker({
    log,
    topics: ['a'],
    group: 'g',
    decode: (bytes) => Buffer.from(bytes).toString(),
    handle: (more) => void tasks.push(...more),
    onFailure: () => undefined,
  });
  return { tasks, worker };
};

describe('what a group has not settled', () => {
  test('is everything where it has settled nothing', async () => {
    const { log, unsettled } = await aLog();
    await log.produce(['1', '2', '3'].map((text) => record('a', text, text)));
    await log.produce([record('b', 'x', '4')]);
    expect(await unsettled({ g: ['a', 'b'] })).toEqual(['1', '2', '3', '4']);
    expect(await unsettled({ g: ['a'] })).toEqual(['1', '2', '3']);
    expect(await unsettled({ g: ['a'], other: ['b'] })).toEqual(['1', '2', '3', '4']);
  });

  test('is what is in hand, and not what was settled before or beyond it', async () => {
    const { log, unsettled } = await aLog();
    const all = Array.from({ length: 20 }, (_, n) => `${n}`.padStart(2, '0'));
    await log.produce(all.map((text) => record('a', 'one key', text)));
    const { tasks, worker } = await consumeA(log);
    await eventually(() => tasks.length === 20);
    const inHand = ['03', '04', '11', '19'];
    for (const task of tasks) if (!inHand.includes(task.value)) task.settle();
    await eventually(() =>
      log.committed('g').some((commit) => commit.offset === 3 && readMetadata(commit).completed.length > 0),
    );
    expect(await unsettled({ g: ['a'] })).toEqual(inHand);
    for (const task of tasks) task.settle();
    await worker.drain(1000);
    expect(await unsettled({ g: ['a'] })).toEqual([]);
    await worker.close();
  });

  test('ends where the records are gone', async () => {
    const { log, unsettled } = await aLog();
    await log.topics([spec('a', 2, { retentionMs: -1000 })]);
    await log.produce([record('a', 'x', 'gone')]);
    log.upkeep();
    expect(await unsettled({ g: ['a'] })).toEqual([]);
  });

  test('is found wherever a record moves meanwhile', async () => {
    const { log } = await aLog();
    // Each is moved from topic to topic, without rest: produced to the other, then settled.
    const moving = async (topic: string, other: string) =>
      startWorker({
        log,
        topics: [topic],
        group: topic,
        decode: (bytes) => Buffer.from(bytes).toString(),
        handle: (tasks) => {
          for (const task of tasks)
            void log.produce([record(other, task.value, task.value)]).then(() => task.settle(), fail);
        },
        onFailure: fail,
      });
    const failures: unknown[] = [];
    const fail = (error: unknown): void => void failures.push(error);
    const names = Array.from({ length: 20 }, (_, n) => `${n}`);
    await log.produce(names.map((name) => record('a', name, name)));
    const workers = [await moving('a', 'b'), await moving('b', 'a')];
    const topicsOf = { a: ['a'], b: ['b'] };
    // Commits are made every 50 ms: between the questions there is one, at times.
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    const slow = {
      read: log.read,
      commits: (group: string, topics: readonly string[]) => pause().then(() => log.commits(group, topics)),
      endOffsets: (topic: string) => pause().then(() => log.endOffsets(topic)),
    };
    for (let round = 0; round < 30; round++) {
      const found = new Set<string>();
      const take = ({ value }: LogRecord): void => void found.add(Buffer.from(value ?? []).toString());
      await readUnsettled({ log: slow, topicsOf, take, signal: never });
      expect(names.filter((name) => !found.has(name))).toEqual([]);
    }
    await Promise.all(workers.map((worker) => worker.close()));
    expect(failures).toEqual([]);
  });
});

test('stops when told to, and when the log says nothing for too long', async () => {
  const { log } = await aLog();
  await log.produce([record('a', 'x', '1')]);
  const topicsOf = { g: ['a'] };
  const take = (): void => undefined;
  const mute = {
    commits: log.commits,
    endOffsets: log.endOffsets,
    read: async () => ({ close: async () => undefined }),
  };
  const silent = readUnsettled({ log: mute, topicsOf, take, signal: never, silenceMs: 10 });
  await expect(silent).rejects.toThrow(/could be read within 10 ms/);
  const stop = new AbortController();
  const stopped = readUnsettled({ log: mute, topicsOf, take, signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
});

test('fails with what the taker throws', async () => {
  const { log } = await aLog();
  await log.produce([record('a', 'x', '1')]);
  const take = (): void => {
    throw new Error('no room');
  };
  await expect(readUnsettled({ log, topicsOf: { g: ['a'] }, take, signal: never })).rejects.toThrow('no room');
});
