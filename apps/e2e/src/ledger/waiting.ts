import { setTimeout as sleep } from 'node:timers/promises';

/** Whether it came to be so within the time. */
export const waitUntil = async (isSo: () => boolean, timeoutMs: number): Promise<boolean> => {
  const endsAt = Date.now() + timeoutMs;
  while (!isSo()) {
    if (Date.now() > endsAt) return false;
    await sleep(20);
  }
  return true;
};
