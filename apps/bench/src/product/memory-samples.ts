import { memoryOf } from './proc.ts';

/** MiB that a process kept, as means over a third of the time each. */
export interface MemoryCourse {
  middle: number;
  last: number;
}

const everyMs = 1000;

const meanOf = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;

export const courseOf = (samples: readonly number[]): MemoryCourse => {
  const third = samples.length / 3;
  return {
    middle: meanOf(samples.slice(Math.floor(third), Math.floor(2 * third))),
    last: meanOf(samples.slice(Math.floor(2 * third))),
  };
};

/** Looks at the memory of processes each second; the answer ends it. */
export const sampleMemory = (named: ReadonlyMap<number, string>): (() => Record<string, MemoryCourse>) => {
  const samples = new Map([...named.values()].map((name): [string, number[]] => [name, []]));
  const timer = setInterval(() => {
    for (const [pid, name] of named) samples.get(name)?.push(memoryOf(pid).resident);
  }, everyMs);
  return () => {
    clearInterval(timer);
    return Object.fromEntries([...samples].map(([name, course]) => [name, courseOf(course)]));
  };
};
