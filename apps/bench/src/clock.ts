/** Milliseconds of the machine's monotonic clock: one and the same in every process, so times of two may be subtracted. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `isDone`, looking each `everyMs`; false where `timeoutMs` was over first. */
export const until = async (
  isDone: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<boolean> => {
  const endsAt = machineMs() + timeoutMs;
  while (!(await isDone())) {
    if (machineMs() > endsAt) return false;
    await sleep(everyMs);
  }
  return true;
};
