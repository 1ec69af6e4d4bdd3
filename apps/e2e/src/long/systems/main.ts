// All systems of the documents and a standard tenant at once, under load: npm run systems.
import { parseArgs } from 'node:util';
import { openServers } from '../../cluster-only/faults/servers.ts';
import { newDataDir, removeDataDir, startTarget } from '../../target/start-target.ts';
import { isSystemFine, runSystems, type SystemResult } from './run-systems.ts';
import { systems } from './systems.ts';

const help = `npm run systems -- [--events n] [--suite] [--verbose]

One tenant of each system on one cluster (--suite: in one process), with the webhooks of two users, made by the system's own
routes. --events (5000) in all, every type of each system in turn with the example of its document, are published at the
same time by all tenants, all about the first user. A receiver of each system runs the code that its document prints over
every request. None may be rejected, differ from what the document describes or was published, be lost, come to the second
user, or be missing from the history. --verbose prints what the processes said.

Kafka and Postgres are those of BELLWIRE_TEST_KAFKA_BROKERS and BELLWIRE_TEST_DATABASE_URL (a superuser's), or are started.
`;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '5000' },
    suite: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}

// Servers end with the process where it ends in order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const events = Math.ceil(Number(values.events) / systems.length);

const lineOf = (result: SystemResult): string => {
  const figures = Object.entries(result).flatMap(([title, value]) => (value === '' ? [] : [`${title} ${value}`]));
  return `${isSystemFine(result, events) ? 'ok  ' : 'FAIL'} ${figures.join(', ')}`;
};

const kind = values.suite ? 'suite' : 'cluster';
const servers = values.suite ? undefined : await openServers((sentence) => console.log(sentence));
const dataDir = newDataDir();
let failed: readonly string[] = [];
try {
  const target = await startTarget({ kind, dataDir });
  try {
    const results = await runSystems(target, events);
    for (const result of results) console.log(lineOf(result));
    failed = results.filter((result) => !isSystemFine(result, events)).map(({ system }) => system);
  } finally {
    if (values.verbose) console.log(target.output());
    await target.kill('SIGTERM');
  }
} finally {
  await servers?.close();
  removeDataDir(dataDir);
}
console.log(failed.length === 0 ? 'all as promised' : `not as promised: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
