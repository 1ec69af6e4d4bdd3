import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from './ledger.ts';

/** Whether it came to be so within the time. */
export const waitUntil = async (isSo: () => boolean, timeoutMs: number): Promise<boolean> => {
  const endsAt = Date.now() + timeoutMs;
  while (!isSo()) {
    if (Date.now() > endsAt) return false;
    await sleep(20);
  }
  return true;
};

/** Until all has come, or nothing more does; then a moment longer, for what is still to come a second time. */
export const settled = async (ledger: Ledger, expected: number, timeoutMs = 180_000): Promise<void> => {
  await waitUntil(() => ledger.distinct >= expected, timeoutMs);
  await waitUntil(() => Date.now() - ledger.lastAtMs > 2000, 20_000);
};
