import { readFileSync, readdirSync, writeFileSync } from 'node:fs';

/** A process as /proc shows it; Linux only. */
export interface ProcessFacts {
  pid: number;
  parent: number;
  /** The name of the program, at most 15 characters. */
  program: string;
  /** User and system time of itself, in seconds. */
  cpuSeconds: number;
  /** The same of its children that have ended. */
  endedChildrenCpuSeconds: number;
}

/** USER_HZ: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const factsOf = (pid: number): ProcessFacts | undefined => {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const nameEnd = stat.lastIndexOf(')');
  // From the third field on, proc(5): state, parent, ... 14 utime, 15 stime, 16 cutime, 17 cstime.
  const fields = stat.slice(nameEnd + 2).split(' ');
  const ticks = (field: number): number => Number(fields[field - 3] ?? 0);
  return {
    pid,
    parent: ticks(4),
    program: stat.slice(stat.indexOf('(') + 1, nameEnd),
    cpuSeconds: (ticks(14) + ticks(15)) / ticksPerSecond,
    endedChildrenCpuSeconds: (ticks(16) + ticks(17)) / ticksPerSecond,
  };
};

export const allProcesses = (): ProcessFacts[] =>
  readdirSync('/proc').flatMap((entry) => (/^\d+$/.test(entry) ? (factsOf(Number(entry)) ?? []) : []));

export const processFacts = (pid: number): ProcessFacts | undefined => factsOf(pid);

/** What a process says that it is. */
export const titleOf = (pid: number): string => (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim();

/** MiB; `shared` is what is mapped by others too (Postgres: its buffers) and is in the others. */
export const memoryOf = (pid: number): { peak: number; resident: number; shared: number } => {
  const status = read(`/proc/${pid}/status`) ?? '';
  const mebibytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  return { peak: mebibytes('VmHWM'), resident: mebibytes('VmRSS'), shared: mebibytes('RssShmem') };
};

/** From here on the peak of a process is a new one, where we may say so. */
export const forgetPeak = (pid: number): void => {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Not ours to reset: the peak then is that of its whole life.
  }
};

/** Of the whole machine since it started, in seconds of one core. */
export const machineCpu = (): { busy: number; stolen: number } => {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = (
    /^cpu +(.*)$/m.exec(read('/proc/stat') ?? '')?.[1] ?? ''
  )
    .split(' ')
    .map((ticks) => Number(ticks) / ticksPerSecond);
  return { busy: user + nice + system + irq + softirq, stolen };
};
