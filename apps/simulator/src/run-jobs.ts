import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Options } from './options.ts';
import { addSummary, emptySummary, type Summary } from './report.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

const runOne = (args: readonly string[]): Promise<Summary> =>
  new Promise((resolve, reject) => {
    const child = fork(main, [...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    let sum: Summary | undefined;
    child.on('message', (message: Summary) => void (sum = message));
    child.on('exit', () => (sum === undefined ? reject(new Error('a job has ended early')) : resolve(sum)));
  });

/** Shares the seeds among processes of their own: every one takes each J-th. */
export const runJobs = async (options: Options): Promise<Summary> => {
  const { jobs, firstSeed, seeds, endAfterMs, mutation, lines, keepsGoing } = options;
  const argsOf = (job: number): string[] => {
    const share = seeds === Number.MAX_SAFE_INTEGER ? seeds : Math.ceil((seeds - job) / jobs);
    return [
      '--seed',
      String(firstSeed + job),
      '--step',
      String(jobs),
      '--seeds',
      String(share),
      '--lines',
      String(lines),
      '--json',
      ...(Number.isFinite(endAfterMs) ? ['--minutes', String(endAfterMs / 60_000)] : []),
      ...(mutation === undefined ? [] : ['--mutation', mutation]),
      ...(keepsGoing ? ['--keep-going'] : []),
    ];
  };
  const sums = await Promise.all(Array.from({ length: Math.min(jobs, seeds) }, (_each, job) => runOne(argsOf(job))));
  const sum = emptySummary();
  for (const each of sums) addSummary(sum, each);
  return sum;
};
