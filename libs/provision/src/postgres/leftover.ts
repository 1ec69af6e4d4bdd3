import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const pidFileOf = (data: string): string => path.join(data, 'postmaster.pid');

/** What postmaster.pid says; the status is the eighth line ("ready", "starting", "stopping"). */
export const readPidFile = (data: string): { pid: number; status: string } | undefined => {
  try {
    const lines = readFileSync(pidFileOf(data), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return Number.isInteger(pid) && pid > 0 ? { pid, status: (lines[7] ?? '').trim() } : undefined;
  } catch {
    return undefined;
  }
};

/** The words a process was started with; empty when there is none, or only its remains. */
const commandOf = (pid: number): readonly string[] => {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
  } catch {
    return [];
  }
};

const folderServedBy = (pid: number): string | undefined => {
  const [program = '', ...args] = commandOf(pid);
  return /^postgres(\.exe)?$/.test(path.basename(program)) ? args[args.indexOf('-D') + 1] : undefined;
};

const serves = (pid: number, data: string): boolean => folderServedBy(pid) === data;

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in between.
  }
};

const stop = async (pid: number, data: string): Promise<void> => {
  // Fast: ends sessions and writes a checkpoint. Immediate: the next start recovers. Kill: the same, and cannot be refused.
  for (const [name, limitMs] of [
    ['SIGINT', 5000],
    ['SIGQUIT', 5000],
    ['SIGKILL', 5000],
  ] as const) {
    signal(pid, name);
    for (const end = performance.now() + limitMs; performance.now() < end; await sleep(10)) {
      if (!serves(pid, data)) return;
    }
  }
  throw new Error(`Postgres (pid ${pid}) of ${data} was left running by an earlier process and does not stop.`);
};

/**
 * A process that is killed leaves its Postgres running. It is stopped, not adopted: an adopted server keeps yesterday's
 * port, settings and binaries, is nobody's child (its end would go unnoticed), and stopping costs a tenth of a second.
 *
 * A pid file whose pid now belongs to something else (after a restart of the container) is removed, because Postgres
 * would take it for a running server.
 *
 * @param data the folder with PG_VERSION, resolved; the caller holds it.
 */
export const stopLeftover = async (data: string): Promise<boolean> => {
  const found = readPidFile(data);
  if (found === undefined || commandOf(found.pid).length === 0) return false;
  const { pid } = found;
  if (serves(pid, data)) {
    await stop(pid, data);
    return true;
  }
  const other = folderServedBy(pid);
  const isAnother =
    other === undefined || (existsSync(other) && readPidFile(other)?.pid === pid && realpathSync(other) !== data);
  if (!isAnother) {
    throw new Error(
      `${pidFileOf(data)} names pid ${pid}, a Postgres of ${other}. If that is not this folder moved, remove the file.`,
    );
  }
  rmSync(pidFileOf(data), { force: true });
  return false;
};
