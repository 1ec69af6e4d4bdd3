import { type Settings, settingsTable } from './settings.ts';

/** Thrown before anything is opened; the message lists every problem, a line each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Settings cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** BELLWIRE_TEST_ belongs to the test servers, not to the suite. */
const unknownVariables = (environment: Environment): string[] =>
  Object.keys(environment)
    .filter((name) => name.startsWith('BELLWIRE_') && !name.startsWith('BELLWIRE_TEST_'))
    .filter((name) => !Object.hasOwn(settingsTable.shape, name))
    .map((name) => `${name}: there is no such setting; docs/configuration.md lists them`);

/**
 * Every setting from the environment. An empty variable counts as unset.
 * @throws SettingsError with all problems at once, unknown BELLWIRE_ variables among them.
 */
export const readSettings = (environment: Environment = process.env): Settings => {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = settingsTable.safeParse(given);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`);
  problems.push(...unknownVariables(environment));
  if (!parsed.success || problems.length > 0) throw new SettingsError([...new Set(problems)]);
  return parsed.data;
};
