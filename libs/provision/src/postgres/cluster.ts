import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PostgresBinaries } from './binaries.ts';
import { cleanEnvironment, runnable, type Runner } from './runner.ts';

/** Names and values as in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string | number>>;

/** What lies in `<dataDir>/postgres`. */
export interface Cluster {
  binaries: PostgresBinaries;
  runner: Runner;
  /** PGDATA. */
  data: string;
  /** Of the superuser `postgres`. */
  password: string;
  environment: NodeJS.ProcessEnv;
  /** Over our own. */
  settings: PostgresSettings;
}

interface ClusterOptions {
  /** `<dataDir>/postgres`, resolved, owned by the runner's user. */
  folder: string;
  binaries: PostgresBinaries;
  runner: Runner;
  /** Extra library search path, when the package is incomplete and read-only. */
  libraries: string | undefined;
  settings: PostgresSettings;
}

const passwordIn = (folder: string, owner: number | undefined): string => {
  const file = path.join(folder, 'password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, password, { mode: 0o600 });
  if (owner !== undefined) chownSync(file, owner, owner);
  return password;
};

const run = async (cluster: Cluster, program: string, args: readonly string[]): Promise<void> => {
  const { command, args: words } = runnable(cluster.runner, program, args);
  const child = spawn(command, words, {
    ...cluster.runner.identity,
    cwd: path.dirname(cluster.data),
    env: cluster.environment,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', resolve);
  });
  if (code === 0) return;
  throw new Error(
    `${path.basename(program)} failed (${code}) in ${path.dirname(cluster.data)}: ${said.trim() || 'it said nothing'}`,
  );
};

/** Made beside its final place and renamed, so that a folder named `data` is always whole. */
const initialise = async (cluster: Cluster): Promise<void> => {
  const folder = path.dirname(cluster.data);
  for (const name of readdirSync(folder)) {
    if (name.startsWith('data.new-')) rmSync(path.join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const fresh = path.join(folder, `data.new-${randomBytes(4).toString('hex')}`);
  await run(cluster, cluster.binaries.initdb, [
    `--pgdata=${fresh}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${path.join(folder, 'password')}`,
    '--locale=C',
    '--encoding=UTF8',
    '--no-instructions',
  ]);
  renameSync(fresh, cluster.data);
};

/**
 * The files of the server; made on the first call, which takes most of a second.
 *
 * @throws {Error} a sentence, when initdb fails or the files are those of another major version.
 */
export const openCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const { folder, binaries, runner, libraries, settings } = options;
  const data = path.join(folder, 'data');
  const searchPath = libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries, DYLD_LIBRARY_PATH: libraries };
  const environment = { ...cleanEnvironment, ...searchPath };
  const isNew = !existsSync(data);
  if (!isNew && !existsSync(path.join(folder, 'password'))) {
    throw new Error(`The password of the Postgres in ${folder} is missing (${path.join(folder, 'password')}).`);
  }
  const cluster = { binaries, runner, data, password: passwordIn(folder, runner.owner), environment, settings };
  if (isNew) await initialise(cluster);
  const major = readFileSync(path.join(data, 'PG_VERSION'), 'utf8').trim();
  if (major !== binaries.major) {
    throw new Error(
      `${data} was made by Postgres ${major}, and this Bellwire brings ${binaries.major}: dump it with the old one.`,
    );
  }
  return cluster;
};
