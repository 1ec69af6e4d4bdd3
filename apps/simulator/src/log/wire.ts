import { Fault } from '@bellwire/errors';
import type { FaultKind } from '../faults/fault-counts.ts';
import type { ProcessGate } from '../world/process-gate.ts';
import type { Dice } from '../world/random.ts';
import type { Trace } from '../world/trace.ts';
import type { VirtualTime } from '../world/virtual-time.ts';
import type { LogFaults } from './log-faults.ts';

/** Between one process and the log: calls take their time, and may fail on the way there or on the way back. */
export interface Wire {
  /** Does the work at the log after some milliseconds; the answer comes back into the process, if it lives. */
  call<Result>(work: () => Promise<Result>, way?: { thereMs?: number; backMs?: number }): Promise<Result>;
  /** The call comes to nothing: it never got there. */
  refuse(): Promise<never>;
  isAway(): boolean;
  /** Until when the whole log is, or was, away. */
  awayForAllUntilMs(): number;
  strikes(kind: FaultKind, detail?: string): boolean;
  /** When a call failed, or a fault struck, for the last time. */
  lastTroubleMs(): number;
  /** Hands things over to the process in their order, each after what `delayMs` says at the time. */
  line(delayMs: () => number): (work: () => void) => void;
  /** Until then this process alone does not reach the log. */
  cutOffUntil(ms: number): void;
}

export interface WireDeps {
  time: VirtualTime;
  dice: Dice;
  trace: Trace;
  gate: ProcessGate;
  faults: LogFaults;
}

export const unavailable = (): Fault => new Fault('LOG_UNAVAILABLE', 'The log cannot be reached.');

export const openWire = ({ time, dice, trace, gate, faults }: WireDeps): Wire => {
  let cutOffUntilMs = 0;
  let lastTroubleMs = Number.NEGATIVE_INFINITY;
  const awayUntilMs = (): number => Math.max(cutOffUntilMs, faults.awayUntilMs);

  return {
    call: (work, { thereMs = dice.between(0, 3), backMs = dice.between(0, 2) } = {}) =>
      new Promise((resolve, reject) => {
        const answer = (give: () => void): void => time.after(backMs, () => gate.enter(give));
        time.after(thereMs, () => {
          // What a process had sent when it was killed may have been lost with it.
          if (!gate.isAlive() && dice.chance(0.5)) return;
          work().then(
            (result) => answer(() => resolve(result)),
            (error: unknown) => {
              lastTroubleMs = time.nowMs();
              answer(() => reject(error));
            },
          );
        });
      }),
    refuse: () =>
      new Promise((_resolve, reject) => {
        lastTroubleMs = time.nowMs();
        time.after(dice.between(1, 300), () => gate.enter(() => reject(unavailable())));
      }),
    isAway: () => time.nowMs() < awayUntilMs(),
    awayForAllUntilMs: () => faults.awayUntilMs,
    strikes(kind, detail) {
      const rate = faults.rates.get(kind);
      if (rate === undefined || !dice.chance(rate)) return false;
      trace.strike(kind, gate.name, detail);
      lastTroubleMs = time.nowMs();
      return true;
    },
    lastTroubleMs: () => lastTroubleMs,
    line(delayMs) {
      let lastMs = 0;
      const waiting: (() => void)[] = [];
      return (work) => {
        const nowMs = time.nowMs();
        lastMs = Math.max(lastMs, awayUntilMs(), nowMs + delayMs());
        if (lastMs <= nowMs && waiting.length === 0) return gate.enter(work);
        waiting.push(work);
        // Not its own work: two timers of one moment may fire in either order.
        time.after(lastMs - nowMs, () => {
          const first = waiting.shift();
          if (first !== undefined) gate.enter(first);
        });
      };
    },
    cutOffUntil: (ms) => void (cutOffUntilMs = Math.max(cutOffUntilMs, ms)),
  };
};
