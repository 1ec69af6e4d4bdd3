import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { heapFlags } from '@bellwire/lifecycle';
import { storesFor } from './stores.ts';

/** What is tested: the suite in one process, or the cluster of processes on Kafka and Postgres. */
export type TargetKind = 'suite' | 'cluster';

declare global {
  /** Set by jest's project; see jest.config.js. */
  var bellwireTarget: TargetKind | undefined;
}

/** Bellwire as a user starts it: a process of its own, with its data in a folder of its own. */
export interface Target {
  readonly kind: TargetKind;
  readonly rest: string;
  /** host:port of each service. */
  readonly grpc: Readonly<Record<'registry' | 'ingestion' | 'dispatcher' | 'audit', string>>;
  readonly adminKey: string;
  readonly dataDir: string;
  /** The settings that it was started with. */
  readonly env: Readonly<Record<string, string>>;
  /** From spawning to the banner, in milliseconds. */
  readonly readyAfterMs: number;
  /** Of the process that was started: of a suite, all of it. */
  readonly pid: number;
  /** Everything that it has printed. */
  output(): string;
  /** Of a cluster: the process of a service as it runs now. */
  pidOf(name: string): number;
  /** Resolves with the exit code when the process has ended, whoever ended it. */
  ended(): Promise<number | null>;
  /** Resolves as `ended` does. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

export interface TargetOptions {
  /** @default what jest's project says, else the suite */
  kind?: TargetKind;
  /** A new temporary folder where absent. */
  dataDir?: string;
  env?: Readonly<Record<string, string>>;
  /** @default 60000 */
  readyTimeoutMs?: number;
}

const mainOf: Readonly<Record<TargetKind, string>> = {
  suite: fileURLToPath(new URL('../../../suite/src/main.ts', import.meta.url)),
  cluster: fileURLToPath(new URL('../../../suite/src/cluster-main.ts', import.meta.url)),
};

export const newDataDir = (): string => mkdtempSync(path.join(os.tmpdir(), 'bellwire-e2e-'));

export const removeDataDir = (dataDir: string): void => rmSync(dataDir, { recursive: true, force: true });

const ownVariables = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BELLWIRE_')));

const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', resolve));

const banner =
  /REST\s+(?<rest>\S+)[^]*registry {2,}(?<registry>\S+)[^]*ingestion {2,}(?<ingestion>\S+)[^]*dispatcher {2,}(?<dispatcher>\S+)[^]*audit {2,}(?<audit>\S+)[^]*admin key\s+(?<adminKey>\S+)/;

const lastPid = (output: string, name: string): number => {
  const pids = [...output.matchAll(new RegExp(`^pid ${name} (\\d+)$`, 'gm'))];
  const pid = Number(pids.at(-1)?.[1]);
  if (Number.isNaN(pid)) throw new Error(`there is no process ${name}:\n${output}`);
  return pid;
};

/** Starts Bellwire on free ports and resolves when it says that it is ready. */
export const startTarget = async (options: TargetOptions = {}): Promise<Target> => {
  const { kind = globalThis.bellwireTarget ?? 'suite', dataDir = newDataDir(), env = {} } = options;
  const { readyTimeoutMs = 60_000 } = options;
  const startedAt = performance.now();
  const ports = ['HTTP', 'REGISTRY', 'INGESTION', 'DISPATCHER', 'AUDIT'].map(
    (name) => [`BELLWIRE_${name}_PORT`, '0'] as const,
  );
  const stores = kind === 'cluster' ? await storesFor(dataDir) : {};
  const given = {
    BELLWIRE_DATA_DIR: dataDir,
    BELLWIRE_LOG_LEVEL: 'warn',
    ...Object.fromEntries(ports),
    ...stores,
    ...env,
  };
  const child = spawn(process.execPath, [...heapFlags, '--disable-warning=ExperimentalWarning', mainOf[kind]], {
    env: { ...ownVariables(), ...given },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const atExit = () => child.kill('SIGTERM');
  process.once('exit', atExit);
  child.once('exit', () => process.removeListener('exit', atExit));
  let output = '';
  let isReady = false;
  const facts = await new Promise<Record<string, string>>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the ${kind} was not ready within ${readyTimeoutMs} ms:\n${output}`));
    }, readyTimeoutMs);
    const onOutput = (chunk: Buffer) => {
      output += chunk.toString();
      // Not again and again over all that follows.
      if (isReady) return;
      const at = output.indexOf('Bellwire is ready.');
      const { groups } = banner.exec(at === -1 ? '' : output.slice(at)) ?? {};
      if (groups === undefined) return;
      isReady = true;
      clearTimeout(timer);
      resolve(groups);
    };
    child.stdout.on('data', onOutput);
    child.stderr.on('data', onOutput);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the ${kind} ended with ${code}:\n${output}`));
    });
  });
  const { rest = '', registry = '', ingestion = '', dispatcher = '', audit = '', adminKey = '' } = facts;
  return {
    kind,
    rest,
    grpc: { registry, ingestion, dispatcher, audit },
    adminKey,
    dataDir,
    env: given,
    readyAfterMs: performance.now() - startedAt,
    pid: child.pid ?? -1,
    output: () => output,
    pidOf: (name) => lastPid(output, name),
    ended: () => ended(child),
    kill: (signal) => {
      child.kill(signal);
      return ended(child);
    },
  };
};
