import { setTimeout as sleep } from 'node:timers/promises';
import { compareLedgers, type Findings } from './compare.ts';
import { hasOpen, readRecorded } from './recorded.ts';
import type { Run } from './run.ts';

const askAgainMs = 500;

/** A service that is on its way up is asked again. */
const insist = async <T>(ask: () => Promise<T>, limitMs: number): Promise<T> => {
  for (const endsAt = Date.now() + limitMs; ; await sleep(askAgainMs)) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > endsAt) throw error;
    }
  }
};

export interface SettleOptions {
  /** How long nothing may arrive before the rest is given up. @default 60000 */
  quietMs?: number;
  /** @default 300000 */
  limitMs?: number;
}

/** All that is owed has been taken, and audit knows of nothing that waits. */
const isSettled = async ({ api, intents, receipts, endpoints }: Run): Promise<boolean> =>
  receipts.taken >= intents.accepted.size * endpoints.length && !(await insist(() => hasOpen(api), 60_000));

/** Waits until all has ended, or nothing moves any more; then a moment longer, for what would come twice. */
export const settle = async (run: Run, options: SettleOptions = {}): Promise<void> => {
  const { quietMs = 60_000, limitMs = 300_000 } = options;
  const fromMs = Date.now();
  const hasTime = (): boolean =>
    Date.now() - fromMs < limitMs && Date.now() - Math.max(fromMs, run.receipts.lastAtMs) < quietMs;
  while (hasTime() && !(await isSettled(run))) await sleep(askAgainMs);
  while (Date.now() - run.receipts.lastAtMs < 2000) await sleep(100);
};

/** Settles the run, reads all of audit and compares. */
export const accountFor = async (run: Run, options: SettleOptions = {}): Promise<Findings> => {
  await settle(run, options);
  const { api, intents, receipts, endpoints } = run;
  const recorded = await insist(() => readRecorded(api), 60_000);
  return compareLedgers({ intents, receipts, recorded, endpointIds: endpoints.map(({ id }) => id) });
};
