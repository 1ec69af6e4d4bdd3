import { readFileSync } from 'node:fs';

const kilobytesPerMiB = 1024;

/** Resident memory of a process, in MiB, as Linux tells it. */
export const residentMiB = (pid: number): number => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  if (kilobytes === undefined) throw new Error(`there is no process ${pid}`);
  return Number(kilobytes) / kilobytesPerMiB;
};

/** The least of some seconds: what is there when nothing is being done. */
export const restingMiB = async (pid: number, seconds: number): Promise<number> => {
  let least = residentMiB(pid);
  for (let second = 0; second < seconds; second++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    least = Math.min(least, residentMiB(pid));
  }
  return least;
};

/** The most from now until it is stopped, looked at twenty times a second. */
export const watchPeak = (pid: number): { stop(): number } => {
  let peak = residentMiB(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMiB(pid));
  }, 50);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
};
