// Kills, stops, fills and starts anew what a cluster is made of, under load, and compares all ledgers: npm run faults:cluster.
import { parseArgs } from 'node:util';
import { isScenarioName, runScenarios, scenarioNames } from './scenarios.ts';

const help = `npm run faults:cluster -- [--scenario ${scenarioNames.join('|')}]... [--case name]... [--runs n]
  [--events n] [--endpoints n] [--mixed] [--rounds n] [--seconds n] [--dispatchers 2|3] [--verbose]

Each case publishes --events (150), and 8 a second until its fault is over, to 12 endpoints: fast ones, slow ones (two requests
at a time, an answer after 200 to 250 ms), one that fails now and then, one that fails for a while and one that hangs for a
while. --endpoints n: all slow; --mixed: 50 of all kinds. When nothing is under way any more, what was published is compared with
what each receiver got and with all of audit, by ids (apps/e2e/src/ledger). A table at the end; docs/faults.md says what each
id stands for. Without --scenario, all of them.

  backlog       Only slow endpoints (12, 300 events), and one --case: pause (each dispatcher is stopped for 14 s, in turn),
                short-pause (4 s), outage (Kafka is away for 55 s), restart (a dispatcher ends in order twice within 40 s; 400
                events to 30 endpoints). --dispatchers 3: one more.
  kill          kill -9 of each --case in turn: dispatcher, ingestion, audit, registry, gateway, all.
  broker        The only Kafka is away for --seconds (20), once in order and once killed.
  brokers       Of three, each is killed in turn for --seconds (20).
  postgres      Postgres is away for --seconds (60).
  disk          The disk under --case kafka or postgres is full for --seconds (20). Needs root.
  writes        --rounds (1000) of create, publish, rotate, publish, disable, publish, delete, publish.
  storm         A third dispatcher joins and leaves every --seconds (15), --rounds (3).
  terminations  Processes end in order, ten in a row: nothing may come twice.
  clock         The clock of one dispatcher is set forth and back, --seconds (8) each.
  zombie        One dispatcher loses Kafka for --seconds (20) and keeps its receivers.
  keys          The same idempotency keys over two ingestion processes that are killed and stopped.

Kafka and Postgres are those of BELLWIRE_TEST_KAFKA_BROKERS and BELLWIRE_TEST_DATABASE_URL (a superuser's), or are started; the
ones that are killed or stopped are always started.
`;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true, default: [...scenarioNames] },
    case: { type: 'string', multiple: true },
    events: { type: 'string' },
    endpoints: { type: 'string' },
    rounds: { type: 'string' },
    runs: { type: 'string', default: '1' },
    seconds: { type: 'string' },
    mixed: { type: 'boolean', default: false },
    dispatchers: { type: 'string', default: '2' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}
const unknown = values.scenario.filter((name) => !isScenarioName(name));
if (unknown.length > 0) {
  process.stderr.write(`there is no scenario ${unknown.join(', ')}\n${help}`);
  process.exit(2);
}

// Servers end with the process where it ends in order.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
const failures = await runScenarios(values.scenario.filter(isScenarioName), {
  cases: values.case,
  events: numberOf(values.events),
  endpoints: numberOf(values.endpoints),
  rounds: numberOf(values.rounds),
  seconds: numberOf(values.seconds),
  runs: Number(values.runs),
  isMixed: values.mixed,
  dispatchers: values.dispatchers === '3' ? 3 : 2,
  isVerbose: values.verbose,
});
console.log(failures.length === 0 ? 'all as promised' : `not as promised: ${failures.join(', ')}`);
process.exit(failures.length === 0 ? 0 : 1);
