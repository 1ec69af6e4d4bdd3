import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import { failuresText } from '../../ledger/publishing.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { countEndings } from './processes.ts';
import type { StoppablePostgres } from './stoppable-postgres.ts';

export interface PostgresOptions {
  /** How long there is no server. */
  seconds: number;
  mix: Mix;
  events: number;
  eventsPerSecond: number;
}

/** Stops Postgres under load, and starts it again at the same address and on the same folder. */
export const postgresRun = (
  cluster: Target,
  postgres: StoppablePostgres,
  { seconds, ...plan }: PostgresOptions,
): Promise<Outcome> =>
  playCase(cluster, {
    ids: 'F09',
    title: `Postgres away for ${seconds} s`,
    ...plan,
    fault: async ({ receipts }, load) => {
      const endedBefore = countEndings(cluster);
      await postgres.stop();
      const downMs = Date.now();
      await sleep(seconds * 1000);
      const upMs = Date.now();
      await postgres.start();
      const within = (atMs: number): boolean => atMs >= downMs && atMs < upMs;
      const accepted = (kind: 'keyed' | 'unkeyed'): number => [...load[kind].accepted.values()].filter(within).length;
      const figures = {
        acceptedKeyedWhileDown: accepted('keyed'),
        acceptedUnkeyedWhileDown: accepted('unkeyed'),
        arrivedWhileDown: receipts.all.filter(({ atMs }) => within(atMs)).length,
        failed: failuresText(new Map([...load.keyed.failures, ...load.unkeyed.failures])),
      };
      // While it is down, half of the pace at least is kept.
      const half = (seconds * plan.eventsPerSecond) / 4;
      const ended = countEndings(cluster) - endedBefore;
      return {
        sinceMs: downMs,
        bound: 0,
        figures,
        problems: [
          ...(ended > 0 ? [`${ended} processes ended by themselves`] : []),
          ...(figures.acceptedKeyedWhileDown < half || figures.acceptedUnkeyedWhileDown < half
            ? [`publishing slowed down to less than half`]
            : []),
          ...(figures.arrivedWhileDown === 0 ? ['nothing arrived while it was down'] : []),
        ],
      };
    },
  });
