import { isKillFine, killCase, killCases, type KillCase } from './kill.ts';
import { openRig, type Rig } from './rig.ts';
import { openServers } from './servers.ts';

export interface ScenarioOptions {
  cases: readonly string[] | undefined;
  events: number | undefined;
  endpoints: number | undefined;
  rounds: number | undefined;
  seconds: number | undefined;
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

const scenarios = { kill } as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof scenarios;

export const scenarioNames: readonly ScenarioName[] = ['kill'];

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
