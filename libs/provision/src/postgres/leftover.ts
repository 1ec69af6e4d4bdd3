import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf, isAlive, signalProcess } from '../processes.ts';

export const pidFileOf = (data: string): string => path.join(data, 'postmaster.pid');

/** What postmaster.pid says. */
interface PidFile {
  pid: number;
  /** Of the System V shared memory that every process of the server is attached to. */
  memoryId: string;
  /** "starting", "ready" or "stopping". */
  status: string;
}

export const readPidFile = (data: string): PidFile | undefined => {
  try {
    const lines = readFileSync(pidFileOf(data), 'utf8').split('\n');
    const pid = Number(lines[0]);
    if (!Number.isInteger(pid) || pid <= 0) return undefined;
    return { pid, memoryId: (lines[6] ?? '').trim().split(/\s+/)[1] ?? '', status: (lines[7] ?? '').trim() };
  } catch {
    return undefined;
  }
};

/** Whether processes of a server whose postmaster was killed are still on their way out. Known on Linux only. */
const memoryInUse = (memoryId: string): boolean => {
  try {
    const rows = readFileSync('/proc/sysvipc/shm', 'utf8')
      .split('\n')
      .map((row) => row.trim().split(/\s+/));
    return rows.some(([, id, , , , , attached]) => id === memoryId && attached !== '0');
  } catch {
    return false;
  }
};

const folderServedBy = (pid: number): string | undefined => {
  const [program = '', ...args] = commandOf(pid);
  return /^postgres(\.exe)?$/.test(path.basename(program)) ? args[args.indexOf('-D') + 1] : undefined;
};

const serves = (pid: number, data: string): boolean => folderServedBy(pid) === data;

const stop = async (pid: number, data: string): Promise<void> => {
  // Fast: ends sessions and writes a checkpoint. Immediate: the next start recovers. Kill: the same, and cannot be refused.
  for (const [name, limitMs] of [
    ['SIGINT', 5000],
    ['SIGQUIT', 5000],
    ['SIGKILL', 5000],
  ] as const) {
    signalProcess(pid, name);
    for (const end = performance.now() + limitMs; performance.now() < end; await sleep(10)) {
      if (!serves(pid, data)) return;
    }
  }
  throw new Error(`Postgres (pid ${pid}) of ${data} was left running by an earlier process and does not stop.`);
};

/** Postgres takes a pid file whose pid lives for a running server, also when it is another program's or a zombie's. */
const removeStale = async (data: string, { pid, memoryId }: PidFile): Promise<void> => {
  const other = folderServedBy(pid);
  const isElsewhere = other === undefined || (existsSync(other) && readPidFile(other)?.pid === pid);
  const end = performance.now() + 5000;
  while (memoryInUse(memoryId) && performance.now() < end) await sleep(10);
  if (isElsewhere && !memoryInUse(memoryId)) return rmSync(pidFileOf(data), { force: true });
  throw new Error(
    `${pidFileOf(data)} names a Postgres (pid ${pid}) that may still use this folder${other === undefined ? '' : ` as ${other}`}. ` +
      'End it, or remove the file when it has nothing to do with this folder.',
  );
};

/**
 * A process that is killed leaves its Postgres running. It is stopped, not adopted: an adopted server keeps yesterday's
 * port, settings and binaries, is nobody's child (its end would go unnoticed), and stopping costs a tenth of a second.
 *
 * @param data the folder with PG_VERSION, resolved; the caller holds it.
 * @returns whether one was stopped.
 */
export const stopLeftover = async (data: string): Promise<boolean> => {
  const found = readPidFile(data);
  if (found === undefined || !isAlive(found.pid)) return false;
  const wasRunning = serves(found.pid, data);
  if (wasRunning) await stop(found.pid, data);
  // What is left after a kill: a pid file, and a zombie when nobody reaps (pid 1 of many containers).
  const left = readPidFile(data);
  if (left !== undefined && isAlive(left.pid)) await removeStale(data, left);
  return wasRunning;
};
