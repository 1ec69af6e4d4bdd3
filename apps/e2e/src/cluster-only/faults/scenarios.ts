import { backlogCases, backlogRun, isBacklogFine, type BacklogCase, type BacklogResult } from './backlog.ts';
import { brokerRun, isBrokerFine } from './broker.ts';
import { isJoinFine, joinRun } from './join.ts';
import { isKillFine, killCase, killCases, type KillCase } from './kill.ts';
import { openKillableKafka } from './killable-kafka.ts';
import { isPostgresFine, postgresRun } from './postgres.ts';
import { openRig, type Rig } from './rig.ts';
import { openServers } from './servers.ts';
import { openStoppablePostgres } from './stoppable-postgres.ts';
import { isWritesFine, writesRun } from './writes.ts';

export interface ScenarioOptions {
  cases: readonly string[] | undefined;
  events: number | undefined;
  endpoints: number | undefined;
  rounds: number | undefined;
  seconds: number | undefined;
  runs: number | undefined;
  isMixed: boolean;
  dispatchers: 2 | 3;
  isVerbose: boolean;
}

type Scenario = (options: ScenarioOptions) => Promise<readonly string[]>;

const maxInFlight = 512;

const lineOf = (title: string, result: object): string =>
  `${title}: ${Object.entries(result)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}`;

/** Prints the result; answers the title where it is not as promised. */
const report = (title: string, result: object, isFine: boolean): readonly string[] => {
  console.log(`${isFine ? 'ok  ' : 'FAIL'} ${lineOf(title, result)}`);
  return isFine ? [] : [title];
};

/** What the processes said beside their start. */
const sayings = ({ cluster }: Rig): string =>
  cluster
    .output()
    .split('\n')
    .filter((line) => /^\S+ *\| /.test(line) && !line.includes(' is ready on '))
    .map((line) => line.slice(0, 600))
    .join('\n');

const withRig = async <Result>(
  { isVerbose }: ScenarioOptions,
  env: Readonly<Record<string, string>>,
  work: (rig: Rig) => Promise<Result>,
): Promise<Result> => {
  const rig = await openRig(env);
  try {
    return await work(rig);
  } finally {
    if (isVerbose) console.log(sayings(rig));
    await rig.close();
  }
};

const isCase = (name: string): name is KillCase => Object.hasOwn(killCases, name);

const kill: Scenario = (options) => {
  const { cases = Object.keys(killCases), events = 5000, endpoints = 20, rounds = 1 } = options;
  const settings = { events, endpoints, maxInFlight };
  return withRig(options, { BELLWIRE_MAX_IN_FLIGHT: String(maxInFlight) }, async (rig) => {
    const failed: string[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (const name of cases.filter(isCase)) {
        const result = await killCase(rig, name, settings);
        failed.push(...report(`kill round ${round}`, result, isKillFine(result, settings)));
      }
    }
    return failed;
  });
};

const broker: Scenario = async (options) => {
  const { endpoints = 5, seconds = 10, rounds = 1 } = options;
  const kafka = await openKillableKafka();
  try {
    return await withRig(options, { BELLWIRE_KAFKA_BROKERS: kafka.brokers }, async (rig) => {
      const failed: string[] = [];
      for (let round = 1; round <= rounds; round++) {
        const run = await rig.newRun(endpoints);
        const result = await brokerRun(kafka, run, { downSeconds: seconds, eventsPerSecond: 200, loadSeconds: 5 });
        run.close();
        failed.push(...report(`broker round ${round}`, result, isBrokerFine(result)));
      }
      return failed;
    });
  } finally {
    await kafka.close();
  }
};

const countsOf = ({ findings, ...figures }: BacklogResult) => ({
  ...figures,
  ...Object.fromEntries(Object.entries(findings).map(([kind, found]) => [kind, found.length])),
});

const mostShown = 3;

/** Of each kind the first few, by ids. */
const tellFindings = ({ findings }: BacklogResult): void => {
  for (const [kind, found] of Object.entries(findings)) {
    for (const text of found.slice(0, mostShown)) console.log(`     ${kind}: ${text}`);
    if (found.length > mostShown) console.log(`     ${kind}: ${found.length - mostShown} more`);
  }
};

const isBacklogCase = (name: string): name is BacklogCase => backlogCases.some((known) => known === name);

const mixed = { fast: 10, slow: 36, failing: 2, hanging: 2 };

const backlog: Scenario = async (options) => {
  const { cases = backlogCases, runs = 1 } = options;
  const kafka = await openKillableKafka();
  try {
    const env = { BELLWIRE_KAFKA_BROKERS: kafka.brokers, BELLWIRE_REQUESTS_PER_MINUTE: '1000000' };
    return await withRig(options, env, async ({ cluster }) => {
      const failed: string[] = [];
      for (const name of cases.filter(isBacklogCase)) {
        const { endpoints = name === 'restart' ? 30 : 12, seconds = name === 'outage' ? 55 : 14 } = options;
        const { events = name === 'restart' ? 400 : 300, isMixed, dispatchers } = options;
        const mix = isMixed ? mixed : { slow: endpoints };
        for (let round = 1; round <= runs; round++) {
          const result = await backlogRun({ cluster, kafka }, name, { events, mix, seconds, dispatchers });
          failed.push(...report(`backlog ${name} run ${round}`, countsOf(result), isBacklogFine(result)));
          tellFindings(result);
        }
      }
      return failed;
    });
  } finally {
    await kafka.close();
  }
};

const postgres: Scenario = async (options) => {
  const { endpoints = 5, seconds = 60 } = options;
  const settings = { downSeconds: seconds, eventsPerSecond: 100, loadSeconds: 5 };
  const server = await openStoppablePostgres();
  try {
    return await withRig(options, { BELLWIRE_DATABASE_URL: server.url }, async (rig) => {
      const run = await rig.newRun(endpoints);
      const result = await postgresRun(rig, server, run, settings);
      run.close();
      return report('postgres', result, isPostgresFine(result, settings));
    });
  } finally {
    await server.close();
  }
};

const writes: Scenario = (options) =>
  withRig(options, { BELLWIRE_REQUESTS_PER_MINUTE: '1000000' }, async (rig) => {
    const result = await writesRun(rig, options.rounds ?? 1000);
    return report('writes', result, isWritesFine(result));
  });

const join: Scenario = (options) =>
  withRig(options, {}, async (rig) => {
    const run = await rig.newRun(options.endpoints ?? 5);
    const result = await joinRun(rig, run, { rounds: options.rounds ?? 10, eventsPerSecond: 100 });
    run.close();
    return report('join', result, isJoinFine(result));
  });

const scenarios = { backlog, kill, broker, postgres, writes, join } as const satisfies Readonly<
  Record<string, Scenario>
>;

export type ScenarioName = keyof typeof scenarios;

export const scenarioNames: readonly ScenarioName[] = ['backlog', 'kill', 'broker', 'postgres', 'writes', 'join'];

/** Runs them one after the other; answers what was not as promised. */
export const runScenarios = async (
  names: readonly ScenarioName[],
  options: ScenarioOptions,
): Promise<readonly string[]> => {
  const servers = await openServers((sentence) => console.log(sentence));
  const failed: string[] = [];
  try {
    for (const name of names) {
      console.log(`-- ${name}`);
      failed.push(...(await scenarios[name](options)));
    }
  } finally {
    await servers.close();
  }
  return failed;
};
