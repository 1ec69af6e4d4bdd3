import type { Target } from '../../target/start-target.ts';
import { waitUntil } from '../../ledger/waiting.ts';

const readyLimitMs = 90_000;

/** Whether the process that runs now under the name has said that it is ready. */
const isReadyAgain = (cluster: Target, name: string, formerPid: number): boolean => {
  const pid = cluster.pidOf(name);
  if (pid === formerPid) return false;
  const output = cluster.output();
  const since = output.slice(output.lastIndexOf(`pid ${name} ${pid}\n`));
  return new RegExp(`^${name} *\\| .* is ready on `, 'm').test(since);
};

/** What processes of the name ended with so far, in order: exit codes, or signals. */
const endings = (cluster: Target, name: string): readonly string[] =>
  [...cluster.output().matchAll(new RegExp(`^${name} *\\| ended \\((\\w+)\\)`, 'gm'))].map(([, how = '']) => how);

export interface Ended {
  name: string;
  /** An exit code or a signal. */
  how: string;
  endedAfterMs: number;
  readyAfterMs: number;
}

/**
 * Signals processes of a cluster at once, and waits until each has ended and the one that the supervisor starts in its
 * place is ready.
 */
export const endProcesses = (
  cluster: Target,
  names: readonly string[],
  signal: NodeJS.Signals,
): Promise<readonly Ended[]> => {
  const pids = names.map((name): [string, number, number] => [
    name,
    cluster.pidOf(name),
    endings(cluster, name).length,
  ]);
  const signalledAt = Date.now();
  for (const [, pid] of pids) process.kill(pid, signal);
  return Promise.all(
    pids.map(async ([name, pid, before]) => {
      await waitUntil(() => endings(cluster, name).length > before, readyLimitMs);
      const endedAfterMs = Date.now() - signalledAt;
      const isReady = await waitUntil(() => isReadyAgain(cluster, name, pid), readyLimitMs);
      if (!isReady) throw new Error(`${name} is not ready again after ${signal}:\n${cluster.output().slice(-4000)}`);
      return { name, how: endings(cluster, name)[before] ?? '', endedAfterMs, readyAfterMs: Date.now() - signalledAt };
    }),
  );
};

/** Processes that have ended by themselves or were ended, all names together. */
export const countEndings = (cluster: Target): number => [...cluster.output().matchAll(/\| ended \(/g)].length;
