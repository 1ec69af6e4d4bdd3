// Kills and stops what a cluster is made of, under load, and prints what was lost and repeated, by ids.
import { parseArgs } from 'node:util';
import { runScenarios, scenarioNames, type ScenarioName } from './scenarios.ts';

const help = `node apps/e2e/src/cluster-only/faults/main.ts [--scenario ${scenarioNames.join('|')}]...
  [--case name]... [--events n] [--endpoints n] [--rounds n] [--runs n] [--seconds n] [--mixed] [--dispatchers 2|3] [--verbose]

Without --scenario, all of them. Kafka and Postgres are those of BELLWIRE_TEST_KAFKA_BROKERS and BELLWIRE_TEST_DATABASE_URL
(a superuser's), or are started; the ones that are killed or stopped are always started.

  backlog   --events (300) to --endpoints (12) of which each takes two at a time and answers after 200 to 250 ms, and in the
            middle of that one --case: pause (each dispatcher is stopped for --seconds, 14, in turn), outage (Kafka is away for
            --seconds, 55), restart (a dispatcher ends in order twice within 40 s; 400 events to 30 endpoints). --runs (1) of
            each. --mixed: 50 endpoints, slow, fast, failing and hanging for a while. --dispatchers 3: one more.
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
    runs: { type: 'string' },
    mixed: { type: 'boolean', default: false },
    dispatchers: { type: 'string', default: '2' },
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
  runs: numberOf(values.runs),
  isMixed: values.mixed,
  dispatchers: values.dispatchers === '3' ? 3 : 2,
  isVerbose: values.verbose ?? false,
});
console.log(failures.length === 0 ? 'all as promised' : `not as promised: ${failures.join(', ')}`);
process.exit(failures.length === 0 ? 0 : 1);
