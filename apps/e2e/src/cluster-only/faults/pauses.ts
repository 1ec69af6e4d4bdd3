import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { countInFlight } from './in-flight.ts';

export interface PauseOptions {
  title: string;
  /** Longer than a session, which is 10 s, or shorter. */
  seconds: number;
  mix: Mix;
  events: number;
  eventsPerSecond: number;
}

const names = ['dispatcher-1', 'dispatcher-2'] as const;
const betweenMs = 2000;

/** Each dispatcher in turn stops, as a long collection of garbage or a paused machine would have it, and goes on. */
export const pauseRun = (cluster: Target, { seconds, ...plan }: PauseOptions): Promise<Outcome> =>
  playCase(cluster, {
    ids: 'F26',
    ...plan,
    fault: async (run) => {
      const sinceMs = Date.now();
      let bound = 0;
      const figures: Record<string, number> = {};
      for (const name of names) {
        const pid = cluster.pidOf(name);
        process.kill(pid, 'SIGSTOP');
        figures[`${name} stopped`] = Date.now();
        const [inFlight] = await Promise.all([countInFlight(cluster, run), sleep(seconds * 1000)]);
        bound += inFlight;
        process.kill(pid, 'SIGCONT');
        await sleep(betweenMs);
      }
      return { sinceMs, bound, figures };
    },
  });
