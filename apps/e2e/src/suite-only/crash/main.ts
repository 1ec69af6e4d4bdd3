// Ends the suite in the middle of its work, again and again, and compares all ledgers: npm run faults.
import { parseArgs } from 'node:util';
import { problemsOf, tableOf, textOf, type Outcome } from '../../ledger/outcome.ts';
import { killRun, type KillRunOptions } from './kill-run.ts';

const help = `npm run faults -- [--case kill|stop]... [--runs n] [--events n] [--times n]

The suite, with --events (300) for 12 endpoints, fast, slow, failing and hanging ones, is killed with -9 (kill; 3 --runs) or
ended in order (stop; 1 run, 3 --times in a row), and started again on its data. All that was published is compared with what each receiver
got and with all of audit, by ids. A table at the end; docs/faults.md says what each id stands for.
`;

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: ['kill', 'stop'] },
    runs: { type: 'string' },
    events: { type: 'string', default: '300' },
    times: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}

const pressure = {
  mix: { fast: 3, slow: 6, shaky: 1, failing: 1, hanging: 1 },
  events: Number(values.events),
  eventsPerSecond: 8,
};
const plans: Readonly<Record<string, KillRunOptions & { runs: number }>> = {
  kill: {
    title: 'suite killed',
    signal: 'SIGKILL',
    times: Number(values.times ?? 1),
    runs: Number(values.runs ?? 3),
    ...pressure,
  },
  stop: {
    title: 'suite ended in order',
    signal: 'SIGTERM',
    times: Number(values.times ?? 3),
    runs: Number(values.runs ?? 1),
    ...pressure,
  },
};
const outcomes: Outcome[] = [];
for (const name of values.case) {
  const plan = plans[name];
  if (plan === undefined) throw new Error(`there is no case ${name}\n${help}`);
  for (let run = 1; run <= plan.runs; run++) {
    const outcome = await killRun({ ...plan, title: `${plan.title}, run ${run}` });
    outcomes.push(outcome);
    console.log(textOf(outcome));
  }
}
const failed = outcomes.filter((outcome) => problemsOf(outcome).length > 0);
console.log(`\n${tableOf(outcomes)}\n`);
console.log(
  failed.length === 0 ? 'all as promised' : `not as promised: ${failed.map(({ title }) => title).join(', ')}`,
);
process.exit(failed.length === 0 ? 0 : 1);
