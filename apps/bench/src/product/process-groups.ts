import { allProcesses, forgetPeak, memoryOf, titleOf, type ProcessFacts } from './proc.ts';

/** What a process, or a server with all of its processes, has cost. */
export interface GroupCost {
  cpuSeconds: number;
  /** What was shared between its processes is counted once. */
  peakMebibytes: number;
}

/** Stores start processes of their own: they are known by their program. */
const stores = new Map([
  ['postgres', 'postgres'],
  ['java', 'kafka'],
]);

/** Processes below the named ones, under the name of the nearest; a store's under its own. */
const groupsOf = (named: ReadonlyMap<number, string>): Map<string, ProcessFacts[]> => {
  const processes = new Map(allProcesses().map((facts) => [facts.pid, facts]));
  const nameOf = (facts: ProcessFacts | undefined): string | undefined => {
    if (facts === undefined) return undefined;
    const above = named.get(facts.pid) ?? nameOf(processes.get(facts.parent));
    return above === undefined ? undefined : (stores.get(facts.program) ?? above);
  };
  const groups = new Map<string, ProcessFacts[]>();
  for (const facts of processes.values()) {
    const name = nameOf(facts);
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), facts]);
  }
  return groups;
};

const isStore = (name: string): boolean => [...stores.values()].includes(name);

/** A store's children come and go: those that have ended are in their parent's account. */
const cpuOf = (name: string, processes: readonly ProcessFacts[]): number =>
  processes.reduce((sum, facts) => sum + facts.cpuSeconds + (isStore(name) ? facts.endedChildrenCpuSeconds : 0), 0);

const peakOf = (processes: readonly ProcessFacts[]): number => {
  const memory = processes.map(({ pid }) => memoryOf(pid));
  const shared = Math.max(0, ...memory.map((each) => each.shared));
  return memory.reduce((sum, each) => sum + each.peak - each.shared, shared);
};

/** CPU seconds of each group so far. */
export const cpuByGroup = (named: ReadonlyMap<number, string>): Map<string, number> =>
  new Map([...groupsOf(named)].map(([name, processes]) => [name, cpuOf(name, processes)]));

/**
 * CPU seconds so far of each Postgres database's own connections. In none: what Postgres
 * does for all of them, and connections that have ended. */
export const cpuByDatabase = (named: ReadonlyMap<number, string>): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const { pid, cpuSeconds } of groupsOf(named).get('postgres') ?? []) {
    // postgres: <user> <database> <address> <what it does>
    const [, database] = /^postgres: \S+ (\S+) (?:\[local\]|\S+\(\d+\))/.exec(titleOf(pid)) ?? [];
    if (database !== undefined) sums.set(database, (sums.get(database) ?? 0) + cpuSeconds);
  }
  return sums;
};

/** Begins an account of what the named processes and those below them cost; the answer closes it. */
export const openAccount = (named: ReadonlyMap<number, string>): (() => Record<string, GroupCost>) => {
  const before = cpuByGroup(named);
  for (const processes of groupsOf(named).values()) for (const { pid } of processes) forgetPeak(pid);
  return () =>
    Object.fromEntries(
      [...groupsOf(named)]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, processes]) => [
          name,
          { cpuSeconds: cpuOf(name, processes) - (before.get(name) ?? 0), peakMebibytes: peakOf(processes) },
        ]),
    );
};
