import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import { failuresText } from '../../ledger/publishing.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { endProcesses } from './processes.ts';

/** Who is killed, by the names of the cluster's processes. */
export const killCases = {
  dispatcher: { ids: 'F02', names: ['dispatcher-1'] },
  ingestion: { ids: 'F01', names: ['ingestion'] },
  audit: { ids: 'F03', names: ['audit'] },
  registry: { ids: 'F04', names: ['registry'] },
  gateway: { ids: 'F05', names: ['gateway'] },
  all: { ids: 'F06', names: ['registry', 'audit', 'dispatcher-1', 'dispatcher-2', 'ingestion', 'gateway'] },
} as const satisfies Readonly<Record<string, { ids: string; names: readonly string[] }>>;

export type KillCase = keyof typeof killCases;

export interface KillOptions {
  mix: Mix;
  events: number;
  /** While the processes are down. */
  eventsPerSecond: number;
  /** BELLWIRE_MAX_IN_FLIGHT of the dispatchers. */
  maxInFlight: number;
}

/** Kills processes of a cluster in the middle of its work; the supervisor starts them again. */
export const killRun = (cluster: Target, killed: KillCase, options: KillOptions): Promise<Outcome> => {
  const { mix, events, eventsPerSecond, maxInFlight } = options;
  const { ids, names } = killCases[killed];
  return playCase(cluster, {
    ids,
    title: `kill ${killed}`,
    mix,
    events,
    eventsPerSecond,
    fault: async ({ receipts, intents }, load) => {
      const sinceMs = Date.now();
      const [arrivedBefore, acceptedBefore] = [receipts.all.length, intents.accepted.size];
      const ended = await endProcesses(cluster, names, 'SIGKILL');
      return {
        sinceMs,
        bound: names.filter((name) => name.startsWith('dispatcher')).length * maxInFlight,
        figures: {
          arrivedBefore,
          acceptedWhileDown: intents.accepted.size - acceptedBefore,
          failedUnkeyed: failuresText(load.unkeyed.failures),
          readyAgainMs: Math.max(...ended.map(({ readyAfterMs }) => readyAfterMs)),
        },
      };
    },
  });
};
