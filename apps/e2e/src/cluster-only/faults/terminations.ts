import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import { failuresText } from '../../ledger/publishing.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { endProcesses, type Ended } from './processes.ts';

export interface TerminationOptions {
  title: string;
  /** Names of the cluster's processes, one after the other. */
  names: readonly string[];
  mix: Mix;
  events: number;
  eventsPerSecond: number;
}

/** Every service, the dispatchers most of all. */
export const rollingOrder = [
  'dispatcher-1',
  'dispatcher-2',
  'ingestion',
  'audit',
  'registry',
  'gateway',
  'dispatcher-1',
  'dispatcher-2',
  'ingestion',
  'dispatcher-1',
] as const;

/** A keyed publish may have to wait until ingestion is up again; what is lost on the way is told as this. */
const failedOtherwise = /INTERNAL|code \d/;

/** Processes end in order under load, as deployments have it, and the supervisor starts them again: nothing comes twice. */
export const terminationRun = (cluster: Target, { names, ...plan }: TerminationOptions): Promise<Outcome> =>
  playCase(cluster, {
    ids: 'F23',
    ...plan,
    fault: async (_, load) => {
      const sinceMs = Date.now();
      const ended: Ended[] = [];
      for (const name of names) ended.push(...(await endProcesses(cluster, [name], 'SIGTERM')));
      const failed = failuresText(new Map([...load.keyed.failures, ...load.unkeyed.failures]));
      return {
        sinceMs,
        bound: 0,
        figures: { stops: ended.length, stopMs: Math.max(...ended.map(({ endedAfterMs }) => endedAfterMs)), failed },
        problems: [
          ...ended.filter(({ how }) => how !== '0').map(({ name, how }) => `${name} ended with ${how}`),
          ...(failedOtherwise.test(failed) ? [`publishing failed with ${failed}`] : []),
        ],
      };
    },
  });
