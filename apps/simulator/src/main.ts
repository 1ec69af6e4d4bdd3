// Finds what gets lost: the real code on a simulated log, in virtual time. npm run simulate -- --help
import { applyEdits, editsOf } from './mutations/mutate.ts';
import { smallMemories } from './mutations/small-memories.ts';
import { help, readOptions } from './options.ts';

// Before time is replaced.
const { hrtime } = process;
const nowNs = hrtime.bigint.bind(hrtime);
const startedNs = nowNs();
const realMs = (): number => Number((nowNs() - startedNs) / 1_000_000n);

const run = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  const edits = [...smallMemories, ...editsOf(options.mutation)];
  const { summaryText } = await import('./report.ts');
  if (options.jobs > 1) {
    const { runJobs } = await import('./run-jobs.ts');
    const sum = await runJobs(options);
    process.stdout.write(summaryText(sum, realMs()));
    return sum.failed.length === 0 ? 0 : 1;
  }
  applyEdits(edits);
  const { openVirtualTime } = await import('./world/virtual-time.ts');
  const time = openVirtualTime();
  // The product is imported after time was replaced, and mutated.
  const { runSeeds } = await import('./run-seeds.ts');
  const sum = await runSeeds(time, options, realMs);
  if (options.isJson) process.send?.(sum);
  else process.stdout.write(summaryText(sum, realMs()));
  return sum.failed.length === 0 ? 0 : 1;
};

if (process.argv.includes('--help')) process.stdout.write(help);
else process.exitCode = await run(process.argv.slice(2));
