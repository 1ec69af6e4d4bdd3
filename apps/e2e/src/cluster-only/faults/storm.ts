import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { startExtra } from './extra-process.ts';

export interface StormOptions {
  /** How often a third dispatcher joins and leaves. */
  rounds: number;
  /** How long it stays, and stays away. */
  seconds: number;
  mix: Mix;
  events: number;
  eventsPerSecond: number;
}

const joinAndLeave = async (cluster: Target, seconds: number) => {
  const third = await startExtra(cluster, 'dispatcher');
  await sleep(seconds * 1000);
  const leavingAt = performance.now();
  const code = await third.leave();
  const leaveMs = performance.now() - leavingAt;
  await sleep(seconds * 1000);
  return { readyMs: third.readyAfterMs, leaveMs, code };
};

/** A third dispatcher comes and goes in order, and with it partitions that have queues. */
export const stormRun = (cluster: Target, { rounds, seconds, ...plan }: StormOptions): Promise<Outcome> =>
  playCase(cluster, {
    ids: 'F18',
    title: 'storm',
    ...plan,
    fault: async () => {
      const sinceMs = Date.now();
      const played: Awaited<ReturnType<typeof joinAndLeave>>[] = [];
      for (let round = 0; round < rounds; round++) played.push(await joinAndLeave(cluster, seconds));
      return {
        sinceMs,
        bound: 0,
        figures: {
          rounds,
          readyMs: Math.round(Math.max(...played.map(({ readyMs }) => readyMs))),
          leaveMs: Math.round(Math.max(...played.map(({ leaveMs }) => leaveMs))),
        },
        problems: played.filter(({ code }) => code !== 0).map(({ code }) => `the third dispatcher ended with ${code}`),
      };
    },
  });
