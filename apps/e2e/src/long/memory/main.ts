// What the suite has in memory under backlogs and fan-outs that are larger than that: npm run memory.
import { parseArgs } from 'node:util';
import { newDataDir, removeDataDir, startTarget } from '../../target/start-target.ts';
import { largeFanOut, manyEndpoints, waitingInTiers } from './cases.ts';

const cases = { tiers: waitingInTiers, 'fan-out': largeFanOut, endpoints: manyEndpoints };
const isCase = (name: string): name is keyof typeof cases => Object.hasOwn(cases, name);

const help = `npm run memory -- [--case ${Object.keys(cases).join('|')}]... [--verbose]

tiers: 191 MiB of deliveries wait for their retries; the process may grow by 100 MiB.
fan-out: 10 events of 200 kB to 400 endpoints; the process may grow by 500 MiB at most while it delivers them.
endpoints: one event to 13,000 endpoints; the p99 of another tenant's events is at most 1.5 times, or 50 ms more than, before.

Each case has a suite of its own, with embedded storage. Linux only. Without --case, all three.
`;

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: Object.keys(cases) },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
const wanted = values.case.filter(isCase);
if (values.help === true || wanted.length < values.case.length) {
  process.stdout.write(help);
  process.exit(values.help === true ? 0 : 2);
}

let failed = 0;
for (const name of wanted) {
  const dataDir = newDataDir();
  const target = await startTarget({ kind: 'suite', dataDir, env: { BELLWIRE_REQUESTS_PER_MINUTE: '1000000' } });
  try {
    const { isFine, figures } = await cases[name](target);
    if (!isFine) failed++;
    const told = Object.entries(figures).map(([title, value]) => `${title} ${Math.round(value * 10) / 10}`);
    console.log(`${isFine ? 'ok  ' : 'FAIL'} ${name}: ${told.join(', ')}`);
  } finally {
    if (values.verbose) console.log(target.output());
    await target.kill('SIGTERM');
    removeDataDir(dataDir);
  }
}
process.exit(failed === 0 ? 0 : 1);
