import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import { failuresText } from '../../ledger/publishing.ts';
import type { Mix } from '../../ledger/speeds.ts';
import { waitUntil } from '../../ledger/waiting.ts';
import type { Target } from '../../target/start-target.ts';
import type { KillableKafka } from './killable-kafka.ts';

export interface OutageOptions {
  ids: string;
  title: string;
  /** In order, or with SIGKILL. */
  how: 'stop' | 'kill';
  /** How long there is no broker. */
  seconds: number;
  mix: Mix;
  events: number;
  eventsPerSecond: number;
}

/** Of a publish while there is no broker: that it is not there, and nothing that leaves open what became of it. */
const failedOtherwise = /DEADLINE_EXCEEDED|INTERNAL|code \d/;

/** The only broker is away, and comes back on the same port and folder. */
export const outageRun = (cluster: Target, kafka: KillableKafka, options: OutageOptions): Promise<Outcome> => {
  const { how, seconds, ...plan } = options;
  return playCase(cluster, {
    ...plan,
    fault: async ({ intents, slots }, load) => {
      await kafka[how]();
      const downMs = Date.now();
      await sleep(seconds * 1000);
      await kafka.start();
      const upMs = Date.now();
      const acceptedBetween = (fromMs: number, toMs: number): number =>
        [...intents.accepted.values()].filter((at) => at >= fromMs && at < toMs).length;
      const isServing = await waitUntil(
        () => acceptedBetween(upMs, Infinity) > 0,
        options.eventsPerSecond > 0 ? 60_000 : 0,
      );
      const firstAcceptedMs = Math.min(...[...intents.accepted.values()].filter((at) => at >= upMs)) - upMs;
      const failed = failuresText(new Map([...load.keyed.failures, ...load.unkeyed.failures]));
      return {
        sinceMs: upMs,
        bound: slots,
        figures: { acceptedWhileDown: acceptedBetween(downMs, upMs), firstAcceptedMs, failed },
        problems: [
          ...(failedOtherwise.test(failed) ? [`publishing failed with ${failed}`] : []),
          ...(isServing || options.eventsPerSecond === 0 ? [] : ['nothing was accepted when the broker was back']),
        ],
      };
    },
  });
};
