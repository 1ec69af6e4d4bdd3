import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import { failuresText } from '../../ledger/publishing.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { countEndings } from './processes.ts';
import type { SmallDisk } from './small-disk.ts';

/** What lies on the disk, and ends where it cannot write; the platform starts it again. */
export interface Server {
  hasEnded(): boolean;
  start(): Promise<void>;
}

export interface FullDiskOptions {
  title: string;
  /** How long the disk is full. */
  seconds: number;
  mix: Mix;
  events: number;
  eventsPerSecond: number;
  /** Whether events are accepted and arrive all the same: that of Postgres is not on their way. */
  goesOn: boolean;
}

/** The disk under Kafka or Postgres is full for a while, and then has room again. */
export const fullDiskRun = (
  cluster: Target,
  { disk, server }: { disk: SmallDisk; server: Server },
  { seconds, goesOn, ...plan }: FullDiskOptions,
): Promise<Outcome> =>
  playCase(cluster, {
    ids: 'F17',
    ...plan,
    fault: async ({ intents, receipts, slots }, load) => {
      const endedBefore = countEndings(cluster);
      disk.fill();
      const fullMs = Date.now();
      await sleep(seconds * 1000);
      const ended = server.hasEnded();
      disk.free();
      const freeMs = Date.now();
      if (ended) await server.start();
      const within = (atMs: number): boolean => atMs >= fullMs && atMs < freeMs;
      const acceptedWhileFull = [...intents.accepted.values()].filter(within).length;
      const arrivedWhileFull = receipts.all.filter(({ atMs }) => within(atMs)).length;
      return {
        sinceMs: Date.now(),
        bound: goesOn ? 0 : slots,
        figures: {
          serverEnded: ended ? 'yes' : 'no',
          acceptedWhileFull,
          arrivedWhileFull,
          processesEnded: countEndings(cluster) - endedBefore,
          failed: failuresText(new Map([...load.keyed.failures, ...load.unkeyed.failures])),
        },
        problems:
          goesOn && (acceptedWhileFull === 0 || arrivedWhileFull === 0)
            ? ['delivery stood still while it was full']
            : [],
      };
    },
  });
