import type { FaultKind } from '../faults/fault-counts.ts';

/** What is wrong with the log at the moment, for every process. Times are virtual, in milliseconds. */
export interface LogFaults {
  /** By kind: the share of calls that it hits, in [0, 1]. */
  rates: Map<FaultKind, number>;
  /** Nobody reaches it before. */
  awayUntilMs: number;
  /** By topic: nothing is written to it before. */
  topicsAway: Map<string, number>;
}

export const noLogFaults = (): LogFaults => ({ rates: new Map(), awayUntilMs: 0, topicsAway: new Map() });
