import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import { failuresText } from '../../ledger/publishing.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import type { ThreeBrokers } from './three-brokers.ts';

export interface BrokersOptions {
  /** How long each of them is away. */
  seconds: number;
  mix: Mix;
  events: number;
  eventsPerSecond: number;
}

/** Of three brokers with three replicas each is killed in turn, and comes back. */
export const brokersRun = (
  cluster: Target,
  { kafkas }: ThreeBrokers,
  { seconds, ...plan }: BrokersOptions,
): Promise<Outcome> =>
  playCase(cluster, {
    ids: 'F07',
    title: 'one of three brokers killed, each in turn',
    ...plan,
    fault: async ({ intents, slots }, load) => {
      const sinceMs = Date.now();
      const acceptedWhileDown: number[] = [];
      for (const kafka of kafkas) {
        const before = intents.accepted.size;
        await kafka.kill();
        await sleep(seconds * 1000);
        acceptedWhileDown.push(intents.accepted.size - before);
        await kafka.start();
        await sleep(3000);
      }
      return {
        sinceMs,
        bound: kafkas.length * slots,
        figures: {
          acceptedWhileDown: acceptedWhileDown.join('/'),
          failed: failuresText(new Map([...load.keyed.failures, ...load.unkeyed.failures])),
        },
        problems: acceptedWhileDown.some((count) => count === 0) ? ['nothing was accepted while one was away'] : [],
      };
    },
  });
