import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A suite as a user starts it: a process of its own, with its data in a folder of its own. */
export interface SuiteProcess {
  readonly rest: string;
  /** host:port of each service. */
  readonly grpc: Readonly<Record<'registry' | 'ingestion' | 'dispatcher' | 'audit', string>>;
  readonly adminKey: string;
  readonly dataDir: string;
  /** From spawning to the banner, in milliseconds. */
  readonly readyAfterMs: number;
  readonly pid: number;
  /** Everything that it has printed. */
  output(): string;
  /** Resolves with the exit code when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

export interface SuiteProcessOptions {
  /** A new temporary folder where absent. */
  dataDir?: string;
  env?: Readonly<Record<string, string>>;
  /** @default 30000 */
  readyTimeoutMs?: number;
}

const main = fileURLToPath(new URL('../../../suite/src/main.ts', import.meta.url));

export const newDataDir = (): string => mkdtempSync(path.join(os.tmpdir(), 'bellwire-e2e-'));

export const removeDataDir = (dataDir: string): void => rmSync(dataDir, { recursive: true, force: true });

const ownVariables = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BELLWIRE_')));

const ended = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', resolve));

const banner =
  /REST\s+(?<rest>\S+)[^]*registry\s+(?<registry>\S+)[^]*ingestion\s+(?<ingestion>\S+)[^]*dispatcher\s+(?<dispatcher>\S+)[^]*audit\s+(?<audit>\S+)[^]*admin key\s+(?<adminKey>\S+)/;

/** Starts a suite on free ports and resolves when it says that it is ready. */
export const startSuiteProcess = async (options: SuiteProcessOptions = {}): Promise<SuiteProcess> => {
  const { dataDir = newDataDir(), env = {}, readyTimeoutMs = 30_000 } = options;
  const startedAt = performance.now();
  const ports = ['HTTP', 'REGISTRY', 'INGESTION', 'DISPATCHER', 'AUDIT'].map((name) => [`BELLWIRE_${name}_PORT`, '0']);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    env: {
      ...ownVariables(),
      BELLWIRE_DATA_DIR: dataDir,
      BELLWIRE_LOG_LEVEL: 'warn',
      ...Object.fromEntries(ports),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const facts = await new Promise<Record<string, string>>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the suite was not ready within ${readyTimeoutMs} ms:\n${output}`));
    }, readyTimeoutMs);
    const onOutput = (chunk: Buffer) => {
      output += chunk.toString();
      const { groups } = banner.exec(output) ?? {};
      if (groups === undefined) return;
      clearTimeout(timer);
      resolve(groups);
    };
    child.stdout.on('data', onOutput);
    child.stderr.on('data', onOutput);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the suite ended with ${code}:\n${output}`));
    });
  });
  const { rest = '', registry = '', ingestion = '', dispatcher = '', audit = '', adminKey = '' } = facts;
  return {
    rest,
    grpc: { registry, ingestion, dispatcher, audit },
    adminKey,
    dataDir,
    readyAfterMs: performance.now() - startedAt,
    pid: child.pid ?? 0,
    output: () => output,
    kill: (signal) => {
      child.kill(signal);
      return ended(child);
    },
  };
};
