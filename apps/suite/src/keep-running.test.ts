import { beforeEach, describe, expect, test } from '@jest/globals';
import { keepRunning, type RunningServer } from './keep-running.ts';

interface FakeServer extends RunningServer {
  die(): void;
  closed: boolean;
}

let lines: string[];
let opened: FakeServer[];
/** Resolves with the server that is opened next. */
let next: PromiseWithResolvers<FakeServer>;
let failures: number;

const server = (pid: number): FakeServer => {
  const { promise: ended, resolve: die } = Promise.withResolvers<void>();
  const fake: FakeServer = {
    pid,
    ended,
    die,
    closed: false,
    close: async () => {
      fake.closed = true;
      die();
    },
  };
  return fake;
};

const open = async (): Promise<FakeServer> => {
  if (failures-- > 0) throw new Error('The folder is in use.');
  const made = server(opened.length + 2);
  opened.push(made);
  next.resolve(made);
  next = Promise.withResolvers();
  return made;
};

beforeEach(() => {
  lines = [];
  opened = [];
  failures = 0;
  next = Promise.withResolvers();
});

const keep = (first: FakeServer, restartAfterMs = 1) =>
  keepRunning(first, { name: 'kafka', open, print: (line) => void lines.push(line), restartAfterMs });

describe('a server that is kept running', () => {
  test('is opened again each time it ends, after what it held is let go', async () => {
    const first = server(1);
    const kept = keep(first);
    for (const dying of [() => first, () => opened[0]]) {
      const { promise } = next;
      dying()?.die();
      await promise;
    }
    await kept.close();
    expect(first.closed).toBe(true);
    expect(opened.map(({ closed }) => closed)).toEqual([true, true]);
    expect(lines.filter((line) => line.startsWith('pid'))).toEqual(['pid kafka 1', 'pid kafka 2', 'pid kafka 3']);
  });

  test('is tried again where it does not start', async () => {
    failures = 2;
    const first = server(1);
    const kept = keep(first);
    const { promise } = next;
    first.die();
    expect((await promise).pid).toBe(2);
    await kept.close();
    expect(lines.filter((line) => line.startsWith('The folder is in use.'))).toHaveLength(2);
  });

  test('is not opened again once it is closed, even while it waits for that', async () => {
    const first = server(1);
    const kept = keep(first, 3_600_000);
    first.die();
    await first.ended;
    await kept.close();
    expect(opened).toEqual([]);
  });
});
