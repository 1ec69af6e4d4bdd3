// The schedules of the documents against receivers that fail, in real time, and how late each attempt came: npm run schedules.
import { parseArgs } from 'node:util';
import { openServers } from '../../cluster-only/faults/servers.ts';
import { newDataDir, removeDataDir, startTarget, type TargetKind } from '../../target/start-target.ts';
import { failAll, isOnTime, type System } from './failing.ts';

const systems: readonly System[] = [
  { dialect: 'roleready', waitsSeconds: [1, 5, 15], eventType: 'resume.parsed' },
  { dialect: 'aifai', waitsSeconds: [1, 2, 3], eventType: 'notification' },
  { dialect: 'hub', waitsSeconds: [5, 25, 125], eventType: 'task.completed' },
  { dialect: 'notely', waitsSeconds: [2, 4, 8], eventType: 'task.completed' },
];

const help = `npm run schedules -- [--cluster] [--endpoints n] [--verbose]

One event for each of 5 endpoints of roleready, aifai, hub and notely, all of which answer 503, at once: no attempt comes early
or a second late, and then each delivery is a dead letter. It takes about 160 s. On the suite, or with --cluster on the
cluster. --verbose prints what the processes said.

Kafka and Postgres of the cluster are those of BELLWIRE_TEST_KAFKA_BROKERS and BELLWIRE_TEST_DATABASE_URL (a superuser's), or are
started.
`;

const { values } = parseArgs({
  options: {
    cluster: { type: 'boolean', default: false },
    endpoints: { type: 'string', default: '5' },
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

const failed: string[] = [];
const kind: TargetKind = values.cluster ? 'cluster' : 'suite';
const servers = values.cluster ? await openServers((sentence) => console.log(sentence)) : undefined;
const dataDir = newDataDir();
try {
  const target = await startTarget({ kind, dataDir });
  try {
    for (const result of await failAll(target, systems, Number(values.endpoints))) {
      const { dialect, waitsSeconds, lateMs, notAsOften, notGivenUp } = result;
      const isFine = isOnTime(result);
      if (!isFine) failed.push(dialect);
      console.log(
        `${isFine ? 'ok  ' : 'FAIL'} ${dialect} on the ${kind}: notAsOften ${notAsOften}, notGivenUp ${notGivenUp}`,
      );
      for (const [index, seconds] of waitsSeconds.entries()) {
        console.log(`     attempt ${index + 2}, due after ${seconds} s, late by ${lateMs[index]?.join(', ')} ms`);
      }
    }
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
