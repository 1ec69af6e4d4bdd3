import type { Target } from '../target/start-target.ts';
import type { Outcome } from './outcome.ts';
import { newCounts, publishAll, startLoad, type Load } from './publishing.ts';
import { openRun, type Run } from './run.ts';
import { accountFor, type SettleOptions } from './settle.ts';
import type { Mix } from './speeds.ts';
import { longestStall } from './stalls.ts';
import { waitUntil } from './waiting.ts';

/** What a fault has to say when it is over. */
export interface Played {
  /** Deliveries that may come twice. */
  readonly bound: number;
  /** From when on it counts how long an endpoint with a queue waits. */
  readonly sinceMs: number;
  readonly figures?: Readonly<Record<string, string | number>>;
  readonly problems?: readonly string[];
  readonly isSkewed?: boolean;
}

export interface Plan {
  /** See Outcome. */
  readonly ids: string;
  readonly title: string;
  readonly mix: Mix;
  /** Published first, as fast as it goes, so that the slow endpoints have queues. */
  readonly events: number;
  /** And so many a second until the fault is over. @default 0 */
  readonly eventsPerSecond?: number;
  readonly settle?: SettleOptions;
  /** Resolves when all is as before again; called when requests are under way. */
  fault(run: Run, load: Load): Promise<Played>;
}

/** Plays a fault in the middle of a backlog, and accounts for all of it. */
export const playCase = async (target: Target, plan: Plan): Promise<Outcome> => {
  const { ids, title, mix, events, eventsPerSecond = 0 } = plan;
  const startedAtMs = Date.now();
  const run = await openRun(target, mix);
  try {
    const { intents, receipts, endpoints } = run;
    await publishAll(run.client, events, newCounts(intents));
    const load = startLoad(run.client, { intents, eventsPerSecond });
    await waitUntil(() => receipts.all.length >= Math.min(events, 4 * endpoints.length), 60_000);
    const { bound, sinceMs, figures = {}, problems = [], isSkewed } = await plan.fault(run, load);
    await load.stop();
    const findings = await accountFor(run, plan.settle);
    const slow = endpoints.flatMap(({ speed }, number) => (speed === 'slow' ? [number] : []));
    return {
      ids,
      title,
      accepted: intents.accepted.size,
      deliveries: intents.accepted.size * endpoints.length,
      findings,
      bound,
      recoveryMs: longestStall(receipts, { fromMs: sinceMs, endpoints: new Set(slow) }),
      totalMs: Date.now() - startedAtMs,
      figures: { ...figures, sinceMs },
      problems,
      isSkewed,
    };
  } finally {
    await run.close();
  }
};
