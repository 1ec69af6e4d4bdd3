// Bursts for endpoints with a rate limit, on the cluster and in real time, and what came of them: npm run limits.
import { parseArgs } from 'node:util';
import { openServers } from '../../cluster-only/faults/servers.ts';
import { newDataDir, removeDataDir, startTarget } from '../../target/start-target.ts';
import { burst, isBurstFine, type BurstOptions } from './burst.ts';

const cases: Readonly<Record<string, readonly string[]>> = {
  burst: [],
  kill: ['dispatcher-1'],
  'kill-both': ['dispatcher-1', 'dispatcher-2'],
};

const help = `npm run limits -- [--case ${Object.keys(cases).join('|')}]... [--endpoints n] [--events n] [--limit n] [--period seconds]
  [--verbose]

200 events at once for each of 4 endpoints that allow 60 in 60 s: no window of 61 s may hold more than 60 at the receiver,
the first 60 come within 3 s, and all 200 come, with one attempt each. In kill and kill-both dispatchers are killed 5 s
after the start: a window may then hold what was in flight beside the 60. Without --case, all three. --verbose prints what the processes said.

Kafka and Postgres are those of BELLWIRE_TEST_KAFKA_BROKERS and BELLWIRE_TEST_DATABASE_URL (a superuser's), or are started.
`;

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: Object.keys(cases) },
    endpoints: { type: 'string', default: '4' },
    events: { type: 'string', default: '200' },
    limit: { type: 'string', default: '60' },
    period: { type: 'string', default: '60' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
const unknown = values.case.filter((name) => !Object.hasOwn(cases, name));
if (values.help === true || unknown.length > 0) {
  process.stdout.write(unknown.length > 0 ? `there is no case ${unknown.join(', ')}\n${help}` : help);
  process.exit(unknown.length > 0 ? 2 : 0);
}

// Servers end with the process where it ends in order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const killAfterMs = 5000;
const failed: string[] = [];
const servers = await openServers((sentence) => console.log(sentence));
const dataDir = newDataDir();
try {
  const cluster = await startTarget({ kind: 'cluster', dataDir });
  try {
    for (const name of values.case) {
      const options: BurstOptions = {
        endpoints: Number(values.endpoints),
        events: Number(values.events),
        limit: Number(values.limit),
        periodSeconds: Number(values.period),
        killed: cases[name] ?? [],
        killAfterMs,
      };
      const result = await burst(cluster, options);
      const isFine = isBurstFine(result, options);
      if (!isFine) failed.push(name);
      const figures = Object.entries(result).map(([title, value]) => `${title} ${value}`);
      console.log(`${isFine ? 'ok  ' : 'FAIL'} ${name}: ${figures.join(', ')}`);
    }
  } finally {
    if (values.verbose) console.log(cluster.output());
    await cluster.kill('SIGTERM');
  }
} finally {
  await servers.close();
  removeDataDir(dataDir);
}
console.log(failed.length === 0 ? 'all as promised' : `not as promised: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
