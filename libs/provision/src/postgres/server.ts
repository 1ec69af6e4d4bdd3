import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, openServerLog } from '../server-files.ts';
import type { Cluster, PostgresSettings } from './cluster.ts';
import { readPidFile } from './leftover.ts';
import { runnable } from './runner.ts';

/** A running postmaster. */
export interface Server {
  port: number;
  pid: number;
  /** Resolves when the process has ended, whoever ended it. */
  ended: Promise<void>;
  /** Fast shutdown; after 5 s immediate; after 5 more, kill. */
  stop(): Promise<void>;
}

// A server of one application on one machine: durable, modest, silent unless something is wrong. Parallel query is off
// because containers give /dev/shm 64 MB; statements stay out of the log because they may carry customers' data.
const defaultSettings: PostgresSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 100,
  shared_buffers: '128MB',
  max_parallel_workers_per_gather: 0,
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_wal_size: '1GB',
  checkpoint_timeout: '15min',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};
const startLimitMs = 120_000;
const stopStepMs = 5000;

/** The group is its own, so that the terminal's Ctrl-C reaches us first and Postgres ends when its clients are done. */
const launch = (cluster: Cluster, port: number, log: number): ChildProcess => {
  const options = Object.entries({ ...defaultSettings, ...cluster.settings, port }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const { command, args } = runnable(cluster.runner, cluster.binaries.postgres, ['-D', cluster.data, ...options]);
  return spawn(command, args, {
    ...cluster.runner.identity,
    cwd: path.dirname(cluster.data),
    env: cluster.environment,
    stdio: ['ignore', log, log],
    detached: true,
  });
};

const untilReady = async (cluster: Cluster, child: ChildProcess, hasEnded: () => boolean): Promise<boolean> => {
  for (const end = performance.now() + startLimitMs; performance.now() < end; await sleep(5)) {
    if (hasEnded()) return false;
    const found = readPidFile(cluster.data);
    if (found?.pid === child.pid && found?.status === 'ready') return true;
  }
  child.kill('SIGQUIT');
  return false;
};

const stopper = (child: ChildProcess, ended: Promise<void>, hasEnded: () => boolean) => async (): Promise<void> => {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (hasEnded()) return;
    child.kill(signal);
    const limit = new AbortController();
    await Promise.race([ended, sleep(stopStepMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
  }
};

const attempt = async (cluster: Cluster, logFile: string, wanted?: number): Promise<Server | string> => {
  const port = wanted ?? (await freePort());
  const log = openServerLog(logFile);
  const child = launch(cluster, port, log.fd);
  closeSync(log.fd);
  let failure: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => ((failure = error.message), resolve()));
    child.on('exit', (code, signal) => ((failure ??= `it ended with ${code ?? signal}`), resolve()));
  });
  const hasEnded = () => failure !== undefined;
  // Covers process.exit() anywhere; after a SIGKILL the next start finds the leftover.
  const atExit = () => child.kill('SIGINT');
  process.once('exit', atExit);
  void ended.then(() => process.removeListener('exit', atExit));
  if ((await untilReady(cluster, child, hasEnded)) && child.pid !== undefined)
    return { port, pid: child.pid, ended, stop: stopper(child, ended, hasEnded) };
  await ended;
  const said = readFileSync(logFile).subarray(log.from).toString('utf8').trim();
  return said || (failure ?? 'it said nothing');
};

/**
 * Starts the server on a loopback port, a free one where none is given, and waits until it accepts connections, crash recovery included (at most
 * two minutes).
 *
 * @throws {Error} a sentence with what Postgres said.
 */
export const startServer = async (cluster: Cluster, logFile: string, port?: number): Promise<Server> => {
  let said = '';
  for (let tries = 0; tries < 25; tries++) {
    const result = await attempt(cluster, logFile, port);
    if (typeof result !== 'string') return result;
    said = result;
    // Another process took the port in between, or backends of a killed server are still on their way out.
    if (!/could not bind|pre-existing shared memory/.test(said)) break;
    await sleep(200);
  }
  throw new Error(`Postgres did not start in ${cluster.data}: ${said}`);
};
