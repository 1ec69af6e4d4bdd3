import { faultKinds, type FaultCounts, type FaultKind } from '../faults/fault-counts.ts';

/** What happened in a run, line by line, and how many faults of each kind. */
export interface Trace {
  say(who: string, what: () => string): void;
  /** A fault has struck. */
  strike(kind: FaultKind, who?: string, detail?: string): void;
  counts(): FaultCounts;
}

export interface TraceOptions {
  nowMs: () => number;
  startMs: number;
  /** Told of each line; undefined: faults are counted, and nothing is told. */
  onLine: ((line: string) => void) | undefined;
}

export const openTrace = ({ nowMs, startMs, onLine }: TraceOptions): Trace => {
  const counts: FaultCounts = {};
  const tell = (who: string, what: string): void =>
    onLine?.(`${((nowMs() - startMs) / 1000).toFixed(3).padStart(8)} ${who.padEnd(6)} ${what}`);
  return {
    say: (who, what) => {
      if (onLine !== undefined) tell(who, what());
    },
    strike(kind, who = '', detail = '') {
      counts[kind] = (counts[kind] ?? 0) + 1;
      tell(who, `! ${kind} ${detail}`);
    },
    counts: () => Object.fromEntries(faultKinds.flatMap((kind) => (counts[kind] ? [[kind, counts[kind]]] : []))),
  };
};
