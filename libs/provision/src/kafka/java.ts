import { execFile } from 'node:child_process';
import path from 'node:path';

/** What Kafka 4 runs on. */
export const leastJava = 17;

type Environment = Readonly<Record<string, string | undefined>>;

/** The `java` to run: that of JAVA_HOME, or the one on the path. */
export const javaProgram = (environment: Environment = process.env): string =>
  environment['JAVA_HOME'] ? path.join(environment['JAVA_HOME'], 'bin', 'java') : 'java';

/** The feature version in what `java -version` prints (`17.0.15`, `1.8.0_402`, `21-ea`). */
export const javaVersion = (said: string): number | undefined => {
  const found = /version "(?:1\.)?(\d+)/.exec(said);
  return found?.[1] === undefined ? undefined : Number(found[1]);
};

/** Everything a program prints, or undefined where it cannot be run. */
const ask = (program: string, args: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: 20_000 }, (error, stdout, stderr) =>
      resolve(error === null ? `${stdout}${stderr}` : undefined),
    );
  });

/** Why there is no Java for Kafka, as a clause; undefined when there is one. */
export const javaProblem = async (): Promise<string | undefined> => {
  const program = javaProgram();
  const said = await ask(program, ['-version']);
  if (said === undefined) return `${program} cannot be run`;
  const version = javaVersion(said);
  return version !== undefined && version >= leastJava
    ? undefined
    : `${program} is Java ${version ?? '?'}, and ${leastJava} is needed`;
};

/** Why there is no Maven, as a clause; undefined when there is one. */
export const mavenProblem = async (): Promise<string | undefined> =>
  (await ask('mvn', ['-v'])) === undefined ? 'mvn cannot be run' : undefined;
