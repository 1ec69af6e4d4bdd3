import type { Options } from './options.ts';
import { addSummary, emptySummary, failureText, summaryOf, type Summary } from './report.ts';
import { simulateSeed, type SeedResult } from './simulate-seed.ts';
import type { VirtualTime } from './world/virtual-time.ts';

/** The same seed once more, with its trace. @throws Error where it does not come to the same: chance from elsewhere */
const traceOf = async (time: VirtualTime, { seed, violation, steps }: SeedResult): Promise<string[]> => {
  const lines: string[] = [];
  const again = await simulateSeed(time, seed, (line) => void lines.push(line));
  if (again.steps !== steps || again.violation?.detail !== violation?.detail)
    throw new Error(
      `seed ${seed} is not the same twice: ${again.steps} steps and ${steps}, ${again.violation?.detail}`,
    );
  return lines;
};

/** Runs seeds one after the other, in this process. */
export const runSeeds = async (time: VirtualTime, options: Options, realMs: () => number): Promise<Summary> => {
  const { firstSeed, seeds, step, endAfterMs, mutation, lines, keepsGoing, isVerbose } = options;
  const sum = emptySummary();
  const onLine = isVerbose ? (line: string): void => void process.stdout.write(`${line}\n`) : undefined;
  for (let nth = 0; nth < seeds && realMs() < endAfterMs; nth++) {
    const result = await simulateSeed(time, firstSeed + nth * step, onLine);
    addSummary(sum, summaryOf(result));
    if (result.violation === undefined) continue;
    const trace = isVerbose ? [] : await traceOf(time, result);
    process.stderr.write(failureText(result, trace.slice(-lines), mutation));
    if (!keepsGoing) break;
  }
  return sum;
};
