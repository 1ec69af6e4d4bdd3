import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { heapFlags } from '@bellwire/lifecycle';
import { machineMs } from '../clock.ts';
import { openEmbedded, openKafka, type StoredLog } from './stored-log.ts';

/** The product as a user starts it, with its data in a folder of its own. */
export interface Product {
  /** Base URL of the gateway. */
  rest: string;
  /** host:port of ingestion. */
  ingestion: string;
  adminKey: string;
  readyAfterMs: number;
  /** Its processes by pid; children of theirs are found when they are counted. */
  processes: ReadonlyMap<number, string>;
  /** As Ctrl-C does, and resolves when it has ended. */
  stop(): Promise<void>;
  /** What it left on its log, once it has ended. */
  openLog(): Promise<StoredLog>;
  removeData(): void;
}

export interface LaunchCommand {
  /** What the first process is called in tables. */
  name: string;
  /** Arguments of node. */
  args: readonly string[];
  readyTimeoutMs: number;
  openLog(dataDir: string): Promise<StoredLog>;
}

const programOf = (file: string): string => fileURLToPath(new URL(`../../../suite/src/${file}`, import.meta.url));

export const embedded = (): LaunchCommand => ({
  name: 'suite',
  args: [programOf('main.ts')],
  readyTimeoutMs: 60_000,
  openLog: openEmbedded,
});

export interface GivenStores {
  kafka: string | undefined;
  postgres: string | undefined;
}

export const cluster = ({ kafka, postgres }: GivenStores): LaunchCommand => ({
  name: 'launcher',
  args: [
    programOf('cluster-main.ts'),
    ...(kafka === undefined ? [] : ['--kafka', kafka]),
    ...(postgres === undefined ? [] : ['--postgres', postgres]),
  ],
  readyTimeoutMs: 120_000,
  openLog: (dataDir) => openKafka(dataDir, kafka?.split(',') ?? []),
});

const banner = /REST\s+(?<rest>\S+)[^]*ingestion\s+(?<ingestion>\S+)[^]*admin key\s+(?<adminKey>\S+)/;
const processLine = /^\W*pid\s+(?<name>\S+)\s+(?<pid>\d+)/gm;
const stopTimeoutMs = 60_000;

const environment = (dataDir: string, more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BELLWIRE_'));
  const ports = ['HTTP', 'REGISTRY', 'INGESTION', 'DISPATCHER', 'AUDIT'].map((name) => [`BELLWIRE_${name}_PORT`, '0']);
  const own = { BELLWIRE_DATA_DIR: dataDir, BELLWIRE_LOG_LEVEL: 'warn' };
  return { ...Object.fromEntries([...inherited, ...ports]), ...own, ...more };
};

interface Facts {
  groups: Record<string, string>;
  output: string;
}

/** Resolves when the banner is complete. */
const ready = (child: ChildProcess, timeoutMs: number): Promise<Facts> =>
  new Promise((resolve, reject) => {
    let output = '';
    const giveUp = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`${why}:\n${output}`));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      giveUp(`it was not ready within ${timeoutMs} ms`);
    }, timeoutMs);
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString();
      const { groups } = banner.exec(output) ?? {};
      if (groups === undefined) return;
      clearTimeout(timer);
      resolve({ groups, output });
    };
    child.stdout?.on('data', onOutput);
    child.stderr?.on('data', onOutput);
    child.once('exit', (code) => giveUp(`it ended with ${code}`));
  });

const namedProcesses = (output: string, child: ChildProcess, name: string): Map<number, string> => {
  const named = new Map([[child.pid ?? 0, name]]);
  for (const { groups } of output.matchAll(processLine)) named.set(Number(groups?.['pid']), groups?.['name'] ?? '');
  return named;
};

const stopped = (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGINT');
  });
};

/** Passes on, to our standard error, what it logs while it runs: warnings and worse. */
const passOnLog = (child: ChildProcess): void => {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => chunk.includes('"level"') && process.stderr.write(chunk));
  }
};

/** @param env beside that of the bench */
export const launch = async (command: LaunchCommand, env: Readonly<Record<string, string>> = {}): Promise<Product> => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bellwire-bench-'));
  const startedAtMs = machineMs();
  const child = spawn(process.execPath, [...heapFlags, '--disable-warning=ExperimentalWarning', ...command.args], {
    env: environment(dataDir, env),
    stdio: ['ignore', 'pipe', 'pipe'],
    // Of its own group, so that Ctrl-C reaches it through us only.
    detached: true,
  });
  const stop = (): Promise<void> => stopped(child);
  const removeData = (): void => rmSync(dataDir, { recursive: true, force: true });
  try {
    const { groups, output } = await ready(child, command.readyTimeoutMs);
    const { rest = '', ingestion = '', adminKey = '' } = groups;
    const readyAfterMs = machineMs() - startedAtMs;
    passOnLog(child);
    const processes = namedProcesses(output, child, command.name);
    const openLog = (): Promise<StoredLog> => command.openLog(dataDir);
    return { rest, ingestion, adminKey, readyAfterMs, processes, stop, openLog, removeData };
  } catch (error) {
    await stop();
    removeData();
    throw error;
  }
};
