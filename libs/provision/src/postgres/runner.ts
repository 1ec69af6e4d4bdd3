import { spawnSync } from 'node:child_process';
import { chmodSync, lchownSync, lstatSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** How Postgres is run, which refuses to run as root. */
export interface Runner {
  name: 'as-is' | 'unprivileged-user' | 'user-namespace' | 'capability';
  /** Words before the program; each way executes it in place, so the child's pid is Postgres's. */
  prefix: readonly string[];
  /** Given to spawn. */
  identity: { uid?: number; gid?: number };
  /** Who must own the data, if it matters. */
  owner: number | undefined;
}

const nobody = 65_534;

/** Nothing of the parent's environment (PGDATA, PGOPTIONS, LC_*) may reach the server. */
export const cleanEnvironment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const asIs: Runner = { name: 'as-is', prefix: [], identity: {}, owner: undefined };

// In order of preference. The second and third are for folders that only root can enter (/root): a user namespace in
// which root is called 1000, which default Docker forbids, and nobody with root's right to enter folders, which it allows.
const waysForRoot: readonly Runner[] = [
  { name: 'unprivileged-user', prefix: [], identity: { uid: nobody, gid: nobody }, owner: nobody },
  {
    name: 'user-namespace',
    prefix: ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'],
    identity: {},
    owner: 0,
  },
  {
    name: 'capability',
    prefix: [
      'setpriv',
      `--reuid=${nobody}`,
      `--regid=${nobody}`,
      '--clear-groups',
      '--inh-caps=+dac_override',
      '--ambient-caps=+dac_override',
      '--',
    ],
    identity: {},
    owner: nobody,
  },
];

/** What to spawn so that `program` runs in this way. */
export const runnable = (
  { prefix }: Runner,
  program: string,
  args: readonly string[],
): { command: string; args: readonly string[] } => {
  const [command, ...rest] = prefix;
  return command === undefined ? { command: program, args } : { command, args: [...rest, program, ...args] };
};

const canEnter = (runner: Runner, folder: string, program: string): boolean => {
  const { command, args } = runnable(runner, '/bin/sh', ['-c', 'test -x "$0" && test -x "$1"', folder, program]);
  return (
    spawnSync(command, args, { ...runner.identity, cwd: '/', env: cleanEnvironment, stdio: 'ignore' }).status === 0
  );
};

/**
 * As root, `dataDir` is made enterable (not listable) for others when everything above it already is; secrets in it are
 * files of mode 0600.
 */
const openTheWay = (dataDir: string, program: string): void => {
  const [way] = waysForRoot;
  const { mode, uid } = statSync(dataDir);
  if (way === undefined || (mode & 0o001) !== 0 || uid !== 0) return;
  if (canEnter(way, path.dirname(dataDir), program)) chmodSync(dataDir, mode | 0o001);
};

/**
 * @param dataDir an existing folder, resolved
 * @param program a Postgres program that must be reachable too
 * @throws {Error} a sentence, when this process is root and no way is open.
 */
export const findRunner = (dataDir: string, program: string): Runner => {
  if (process.getuid?.() !== 0) return asIs;
  openTheWay(dataDir, program);
  const runner = waysForRoot.find((way) => canEnter(way, dataDir, program));
  if (runner !== undefined) return runner;
  throw new Error(
    `Postgres does not run as root, and no other user can enter ${dataDir} or run ${program}. ` +
      'Run Bellwire as an ordinary user, or set BELLWIRE_DATA_DIR to a folder that all users can enter.',
  );
};

/** Gives a tree to `owner`; the top last, so that a tree whose top is right is right. */
export const giveTree = (top: string, owner: number | undefined): void => {
  if (owner === undefined || lstatSync(top).uid === owner) return;
  for (const name of readdirSync(top, { recursive: true, encoding: 'utf8' }))
    lchownSync(path.join(top, name), owner, owner);
  lchownSync(top, owner, owner);
};
