import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdDataFolder, type HeldFolder } from '../hold-data-folder.ts';
import { pom } from './pom.ts';

/** Tested with kafkajs 2.2.4 and Java 17. */
export const kafkaVersion = '4.1.1';

const dependencyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
const fetchLimitMs = 10 * 60 * 1000;

export interface JarsOptions {
  /** Where downloads are kept for all projects of this user. @default cacheFolder() */
  cacheDir?: string;
  /** Told in sentences what takes time. */
  log?: (sentence: string) => void;
  /** Of Maven. @default that of this process */
  environment?: NodeJS.ProcessEnv;
}

/** $XDG_CACHE_HOME/bellwire, or ~/.cache/bellwire. */
export const cacheFolder = (
  environment: Readonly<Record<string, string | undefined>> = process.env,
  home: string = homedir(),
): string => path.join(environment['XDG_CACHE_HOME'] || path.join(home, '.cache'), 'bellwire');

const folderIn = (cacheDir: string): string => path.join(cacheDir, `kafka-${kafkaVersion}`);

/** Whether the jars are there: a folder of that name is always whole. */
export const hasKafkaJars = (cacheDir: string = cacheFolder()): boolean => existsSync(folderIn(cacheDir));

/** Maven's own explanation: its first error line, without the marks. */
const explanation = (said: string): string =>
  said
    .split('\n')
    .find((line) => line.includes('ERROR'))
    ?.replace(/^.*?ERROR\W*/, '')
    .slice(0, 500) ?? 'it said nothing';

const runMaven = async (folder: string, env: NodeJS.ProcessEnv): Promise<void> => {
  const args = ['-B', '-q', '-f', path.join(folder, 'pom.xml'), `${dependencyPlugin}:copy-dependencies`];
  const child = spawn(
    'mvn',
    [...args, `-DoutputDirectory=${folder}`, '-DincludeScope=runtime', '-Dstyle.color=never'],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), fetchLimitMs);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const code = await new Promise<number | string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (status, signal) => resolve(status ?? signal));
  });
  clearTimeout(timer);
  if (code === 0) return;
  throw new Error(`Maven could not fetch Apache Kafka ${kafkaVersion} (${code}): ${explanation(said)}`);
};

/** Beside its final place, then renamed; what a killed process left is removed. The caller holds the cache. */
const fetchJars = async (cacheDir: string, environment: NodeJS.ProcessEnv): Promise<void> => {
  for (const name of readdirSync(cacheDir))
    if (name.startsWith('kafka.new-')) rmSync(path.join(cacheDir, name), { recursive: true, force: true });
  const fresh = path.join(cacheDir, `kafka.new-${randomBytes(4).toString('hex')}`);
  mkdirSync(fresh, { recursive: true });
  try {
    writeFileSync(path.join(fresh, 'pom.xml'), pom(kafkaVersion));
    await runMaven(fresh, environment);
    renameSync(fresh, folderIn(cacheDir));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
};

/** The right to write into the cache; waits for a process that is at it. Undefined when that one has done the work. */
const holdCache = async (cacheDir: string, log: (sentence: string) => void): Promise<HeldFolder | undefined> => {
  const end = performance.now() + fetchLimitMs;
  for (let waits = 0; !hasKafkaJars(cacheDir); waits++) {
    try {
      return await holdDataFolder(path.join(cacheDir, 'kafka.lock'));
    } catch (error) {
      if (performance.now() > end) throw error;
      if (waits === 0) log('Waiting for another process that fetches Apache Kafka.');
      await sleep(200);
    }
  }
  return undefined;
};

/**
 * The folder with Apache Kafka's jars; fetched through Maven, with Maven's own settings, on the first call of this user (45 MB, half a
 * minute). Several processes may call it at once: one fetches, the others wait.
 *
 * @throws {Error} a sentence with what Maven said.
 */
export const kafkaJars = async (options: JarsOptions = {}): Promise<string> => {
  const { cacheDir = cacheFolder(), log = () => undefined, environment = process.env } = options;
  const held = await holdCache(cacheDir, log);
  try {
    if (held !== undefined && !hasKafkaJars(cacheDir)) {
      log(`Fetching Apache Kafka ${kafkaVersion} through Maven, once, into ${folderIn(cacheDir)}.`);
      await fetchJars(cacheDir, environment);
    }
  } finally {
    await held?.release();
  }
  return folderIn(cacheDir);
};
