// Kills and stops what a cluster is made of, under load, and prints what was lost and repeated, by ids.
import { parseArgs } from 'node:util';
import { runScenarios, scenarioNames, type ScenarioName } from './scenarios.ts';

const help = `node apps/e2e/src/cluster-only/faults/main.ts [--scenario ${scenarioNames.join('|')}]...
  [--case dispatcher|ingestion|audit|registry|gateway|all]... [--events n] [--endpoints n] [--rounds n] [--seconds n] [--verbose]

Without --scenario, all of them. Kafka and Postgres are those of BELLWIRE_TEST_KAFKA_BROKERS and BELLWIRE_TEST_DATABASE_URL
(a superuser's), or are started; the ones that are killed or stopped are always started.

  kill      --events (5000) to --endpoints (20); in the middle kill -9 of each --case in turn. --rounds (1) of all.
  broker    Kafka is killed for --seconds (10) under load.
  postgres  Postgres is stopped for --seconds (60) under load.
  writes    --rounds (1000) of create, publish, rotate, publish, disable, publish, delete, publish.
  join      Under load a third dispatcher joins and leaves, --rounds (10).
`;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true },
    case: { type: 'string', multiple: true },
    events: { type: 'string' },
    endpoints: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    verbose: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}

const isScenario = (name: string): name is ScenarioName => scenarioNames.some((known) => known === name);
const wanted = values.scenario ?? scenarioNames;
const unknown = wanted.filter((name) => !isScenario(name));
if (unknown.length > 0) {
  process.stderr.write(`there is no scenario ${unknown.join(', ')}\n${help}`);
  process.exit(2);
}

// Servers end with the process where it ends in order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
const failures = await runScenarios(wanted.filter(isScenario), {
  cases: values.case,
  events: numberOf(values.events),
  endpoints: numberOf(values.endpoints),
  rounds: numberOf(values.rounds),
  seconds: numberOf(values.seconds),
  isVerbose: values.verbose ?? false,
});
console.log(failures.length === 0 ? 'all as promised' : `not as promised: ${failures.join(', ')}`);
process.exit(failures.length === 0 ? 0 : 1);
