import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf, isAlive, signalProcess } from '../processes.ts';

const pidFileOf = (folder: string): string => path.join(folder, 'kafka.pid');

export const writePidFile = (folder: string, pid: number): void => writeFileSync(pidFileOf(folder), `${pid}\n`);
export const removePidFile = (folder: string): void => rmSync(pidFileOf(folder), { force: true });

/** The broker of a folder carries the folder's server.properties as its last word. */
const serves = (pid: number, folder: string): boolean =>
  isAlive(pid) && commandOf(pid).at(-1) === path.join(folder, 'server.properties');

/**
 * A process that is killed leaves its broker running. It is stopped, not adopted, as with Postgres.
 *
 * @param folder resolved; the caller holds it.
 * @returns whether one was stopped.
 */
export const stopLeftoverBroker = async (folder: string): Promise<boolean> => {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFileOf(folder), 'utf8'));
  } catch {
    return false;
  }
  const wasRunning = Number.isInteger(pid) && pid > 0 && serves(pid, folder);
  for (const [name, limitMs] of [
    ['SIGTERM', 5000],
    ['SIGKILL', 5000],
  ] as const) {
    if (!wasRunning || !serves(pid, folder)) break;
    signalProcess(pid, name);
    for (const end = performance.now() + limitMs; performance.now() < end && serves(pid, folder);) await sleep(10);
  }
  if (wasRunning && serves(pid, folder))
    throw new Error(`Kafka (pid ${pid}) of ${folder} was left running by an earlier process and does not stop.`);
  removePidFile(folder);
  return wasRunning;
};
