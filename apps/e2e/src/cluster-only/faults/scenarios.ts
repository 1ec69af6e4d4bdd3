import type { Outcome } from '../../ledger/outcome.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { brokersRun } from './brokers.ts';
import { clockRun } from './clock.ts';
import { startExtra } from './extra-process.ts';
import { fullDiskRun, type Server } from './full-disk.ts';
import { keysRun } from './keys.ts';
import { killCases, killRun, type KillCase } from './kill.ts';
import { openKillableKafka, type KillableKafka } from './killable-kafka.ts';
import { logOf } from './log-of.ts';
import { outageRun } from './outages.ts';
import { pauseRun } from './pauses.ts';
import { postgresRun } from './postgres.ts';
import { openReporting, type Reporting } from './reporting.ts';
import { openServers } from './servers.ts';
import { openSmallDisk, type SmallDisk } from './small-disk.ts';
import { noServer, withStage } from './stage.ts';
import { openStoppablePostgres } from './stoppable-postgres.ts';
import { stormRun } from './storm.ts';
import { rollingOrder, terminationRun } from './terminations.ts';
import { openThreeBrokers } from './three-brokers.ts';
import { isWritesFine, writesRun } from './writes.ts';
import { zombieRun } from './zombie.ts';

export interface ScenarioOptions {
  cases: readonly string[] | undefined;
  events: number | undefined;
  endpoints: number | undefined;
  rounds: number | undefined;
  seconds: number | undefined;
  runs: number;
  /** 50 endpoints of all speeds. */
  isMixed: boolean;
  dispatchers: 2 | 3;
  isVerbose: boolean;
}

type Scenario = (options: ScenarioOptions, reporting: Reporting) => Promise<void>;

const maxInFlight = 512;
const someOfEach: Mix = { fast: 3, slow: 6, shaky: 1, failing: 1, hanging: 1 };
const fifty: Mix = { fast: 10, slow: 35, shaky: 1, failing: 2, hanging: 2 };

/** What every case has waiting when its fault comes, where it is not asked for otherwise. */
const pressureOf = ({ events = 150, endpoints, isMixed }: ScenarioOptions) => ({
  mix: isMixed ? fifty : endpoints === undefined ? someOfEach : { slow: endpoints },
  events,
  eventsPerSecond: 8,
});

interface Stage {
  cluster: Target;
  options: ScenarioOptions;
  reporting: Reporting;
}

const deliveryId = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/;
const mostTraced = 3;

/** What the log has of deliveries that did not end, or that came twice although they should not. */
const trace = async (cluster: Target, { findings, bound }: Outcome): Promise<void> => {
  const { lost, unended, duplicates } = findings;
  const texts = [...lost, ...unended, ...(duplicates.length > bound ? duplicates : [])];
  const ids = texts.flatMap((text) => deliveryId.exec(text) ?? []);
  for (const id of [...new Set(ids)].slice(0, mostTraced)) {
    console.log(`     the log of ${id}:`);
    for (const text of await logOf(cluster, [id])) console.log(`       ${text}`);
  }
};

const repeat = async ({ cluster, options, reporting }: Stage, play: () => Promise<Outcome>): Promise<void> => {
  for (let run = 1; run <= options.runs; run++) {
    const outcome = await play();
    reporting.outcome(options.runs === 1 ? outcome : { ...outcome, title: `${outcome.title}, run ${run}` });
    await trace(cluster, outcome);
  }
};

/** A cluster that leaves its servers alone. */
const alone = (
  { isVerbose }: ScenarioOptions,
  env: Readonly<Record<string, string>>,
  work: (cluster: Target) => Promise<void>,
): Promise<void> => withStage({ ...noServer, envOf: () => env, isVerbose }, work);

/** A cluster with a broker of its own. */
const onKafka = (
  { isVerbose }: ScenarioOptions,
  work: (cluster: Target, kafka: KillableKafka) => Promise<void>,
): Promise<void> =>
  withStage(
    { open: openKillableKafka, envOf: ({ brokers }) => ({ BELLWIRE_KAFKA_BROKERS: brokers }), isVerbose },
    work,
  );

const backlogCases = ['pause', 'short-pause', 'outage', 'restart'] as const;
type BacklogCase = (typeof backlogCases)[number];

const playBacklog = ({ cluster, options }: Stage, kafka: KillableKafka, name: BacklogCase): Promise<Outcome> => {
  const isRestart = name === 'restart';
  const { events = isRestart ? 400 : 300, endpoints = isRestart ? 30 : 12, isMixed, seconds } = options;
  const pressure = { mix: isMixed ? fifty : { slow: endpoints }, events, eventsPerSecond: 0 };
  const title = `${name}${isMixed ? ' mixed' : ''}${options.dispatchers === 3 ? ' with three dispatchers' : ''}`;
  switch (name) {
    case 'pause':
      return pauseRun(cluster, { title, seconds: seconds ?? 14, ...pressure });
    case 'short-pause':
      return pauseRun(cluster, { title, seconds: seconds ?? 4, ...pressure });
    case 'outage':
      return outageRun(cluster, kafka, { ids: 'F08', title, how: 'kill', seconds: seconds ?? 55, ...pressure });
    case 'restart':
      return terminationRun(cluster, { title, names: ['dispatcher-1', 'dispatcher-1'], ...pressure });
  }
};

const backlog: Scenario = (options, reporting) =>
  onKafka(options, async (cluster, kafka) => {
    const wanted = backlogCases.filter((name) => options.cases?.includes(name) ?? true);
    const third = options.dispatchers === 3 ? await startExtra(cluster, 'dispatcher') : undefined;
    const stage = { cluster, options, reporting };
    for (const name of wanted) await repeat(stage, () => playBacklog(stage, kafka, name));
    await third?.leave();
  });

const isKillCase = (name: string): name is KillCase => Object.hasOwn(killCases, name);

const kill: Scenario = (options, reporting) =>
  alone(options, { BELLWIRE_MAX_IN_FLIGHT: String(maxInFlight) }, async (cluster) => {
    for (const name of (options.cases ?? Object.keys(killCases)).filter(isKillCase)) {
      await repeat({ cluster, options, reporting }, () =>
        killRun(cluster, name, { ...pressureOf(options), maxInFlight }),
      );
    }
  });

const broker: Scenario = (options, reporting) =>
  onKafka(options, async (cluster, kafka) => {
    const { seconds = 20 } = options;
    for (const [ids, how] of [
      ['F07', 'stop'],
      ['F08', 'kill'],
    ] as const) {
      const title = `broker ${how === 'stop' ? 'ends in order' : 'killed'} for ${seconds} s`;
      const plan = { ids, title, how, seconds, ...pressureOf(options) };
      await repeat({ cluster, options, reporting }, () => outageRun(cluster, kafka, plan));
    }
  });

const brokers: Scenario = (options, reporting) =>
  withStage(
    {
      open: openThreeBrokers,
      envOf: (kafkas) => ({ BELLWIRE_KAFKA_BROKERS: kafkas.brokers, BELLWIRE_KAFKA_REPLICATION: '3' }),
      isVerbose: options.isVerbose,
    },
    (cluster, kafkas) =>
      repeat({ cluster, options, reporting }, () =>
        brokersRun(cluster, kafkas, { seconds: options.seconds ?? 20, ...pressureOf(options) }),
      ),
  );

const postgres: Scenario = (options, reporting) =>
  withStage(
    { open: openStoppablePostgres, envOf: ({ url }) => ({ BELLWIRE_DATABASE_URL: url }), isVerbose: options.isVerbose },
    (cluster, server) =>
      repeat({ cluster, options, reporting }, () =>
        postgresRun(cluster, server, { seconds: options.seconds ?? 60, ...pressureOf(options) }),
      ),
  );

/** Everything of the server lies on a disk of 400 MB. */
const onSmallDisk = async (
  title: string,
  reporting: Reporting,
  work: (disk: SmallDisk) => Promise<void>,
): Promise<void> => {
  const disk = await openSmallDisk(400);
  if (typeof disk === 'string') return reporting.note({ ids: 'F17', title, text: `not run. ${disk}`, isFine: true });
  try {
    await work(disk);
  } finally {
    await disk.close();
  }
};

const disk: Scenario = async (options, reporting) => {
  const { isVerbose, seconds = 20, cases = ['kafka', 'postgres'] } = options;
  const plan = { seconds, ...pressureOf(options) };
  const play = (cluster: Target, on: { disk: SmallDisk; server: Server }, title: string): Promise<void> =>
    repeat({ cluster, options, reporting }, () =>
      fullDiskRun(cluster, on, { title, goesOn: title.endsWith('Postgres'), ...plan }),
    );
  if (cases.includes('kafka')) {
    const title = 'full disk under Kafka';
    await onSmallDisk(title, reporting, (small) =>
      withStage(
        {
          open: () => openKillableKafka(small.path),
          envOf: (kafka) => ({ BELLWIRE_KAFKA_BROKERS: kafka.brokers }),
          isVerbose,
        },
        (cluster, server) => play(cluster, { disk: small, server }, title),
      ),
    );
  }
  if (cases.includes('postgres')) {
    const title = 'full disk under Postgres';
    await onSmallDisk(title, reporting, (small) =>
      withStage(
        {
          open: () => openStoppablePostgres(small.path),
          envOf: ({ url }) => ({ BELLWIRE_DATABASE_URL: url }),
          isVerbose,
        },
        (cluster, server) => play(cluster, { disk: small, server }, title),
      ),
    );
  }
};

const writes: Scenario = (options, reporting) =>
  alone(options, {}, async (cluster) => {
    const result = await writesRun(cluster, options.rounds ?? 1000);
    const text = Object.entries(result)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
    reporting.note({ ids: 'F28', title: 'writes', text, isFine: isWritesFine(result) });
  });

const storm: Scenario = (options, reporting) =>
  alone(options, {}, (cluster) =>
    repeat({ cluster, options, reporting }, () =>
      stormRun(cluster, { rounds: options.rounds ?? 3, seconds: options.seconds ?? 15, ...pressureOf(options) }),
    ),
  );

const terminations: Scenario = (options, reporting) =>
  alone(options, {}, (cluster) =>
    repeat({ cluster, options, reporting }, () =>
      terminationRun(cluster, { title: 'ten stops in order', names: rollingOrder, ...pressureOf(options) }),
    ),
  );

const clock: Scenario = (options, reporting) =>
  alone(options, {}, (cluster) =>
    repeat({ cluster, options, reporting }, () =>
      clockRun(cluster, { seconds: options.seconds ?? 8, ...pressureOf(options), mix: { fast: 3, slow: 6, shaky: 4 } }),
    ),
  );

const zombie: Scenario = (options, reporting) =>
  alone(options, {}, (cluster) =>
    repeat({ cluster, options, reporting }, () =>
      zombieRun(cluster, { seconds: options.seconds ?? 20, ...pressureOf(options) }),
    ),
  );

const keys: Scenario = (options, reporting) =>
  alone(options, {}, (cluster) =>
    repeat({ cluster, options, reporting }, () => keysRun(cluster, { keys: 150, callers: 8, ...pressureOf(options) })),
  );

const scenarios = {
  backlog,
  kill,
  broker,
  brokers,
  postgres,
  disk,
  writes,
  storm,
  terminations,
  clock,
  zombie,
  keys,
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof scenarios;

export const isScenarioName = (name: string): name is ScenarioName => Object.hasOwn(scenarios, name);

export const scenarioNames: readonly string[] = Object.keys(scenarios);

/** Runs them one after the other; answers what was not as promised. */
export const runScenarios = async (
  names: readonly ScenarioName[],
  options: ScenarioOptions,
): Promise<readonly string[]> => {
  const print = (text: string): void => console.log(text);
  const servers = await openServers(print);
  const reporting = openReporting(print);
  try {
    for (const name of names) {
      print(`-- ${name}`);
      await scenarios[name](options, reporting);
    }
  } finally {
    await servers.close();
  }
  return reporting.close();
};
