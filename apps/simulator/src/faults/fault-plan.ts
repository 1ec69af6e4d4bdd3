import type { FaultPlanDeps } from './acts.ts';
import { faultNamed, type FaultKind } from './fault-counts.ts';
import { loadActs } from './load-acts.ts';
import { logActs } from './log-acts.ts';
import { processActs } from './process-acts.ts';

/** Faults that hit a share of the calls. */
const shares: Partial<Record<FaultKind, number>> = {
  'produce.fails': 0.08,
  'produce.ack_lost': 0.05,
  'produce.ack_late': 0.03,
  'produce.slow': 0.1,
  'produce.partly_written': 0.05,
  'produce.written_twice': 0.03,
  'commit.fails': 0.15,
  'commit.ack_late': 0.1,
  'commit.ack_lost': 0.1,
  'commit.arrives_late': 0.1,
  'hand_over.fails': 0.2,
  'hand_over.arrives_late': 0.2,
  'fetch.slow': 0.05,
  'ask.fails': 0.05,
  'state_flush.fails': 0.4,
  'retry.written_twice': 0.1,
};

/** On average one such fault in so many milliseconds; what is not named here: 4000. */
const meansMs: Partial<Record<FaultKind, number>> = {
  'dispatcher.paused_beyond_session': 9000,
  'log.away': 8000,
  'log.away_for_one': 8000,
  'endpoint.deleted': 9000,
  'partitions.given_back': 2500,
  'delivery.redelivered': 1500,
  'delivery.cancelled': 1500,
};

/**
 * Draws which kinds of fault a run has (never all: some hide others), and lets them strike until it is over.
 *
 * @param untilMs virtual time at which faults end
 */
export const letFaultsStrike = (deps: FaultPlanDeps, untilMs: number): void => {
  const { world } = deps;
  const { time, logFaults } = world;
  const dice = world.dice.fork();
  const share = dice.pick([0.1, 0.25, 0.5]);
  const acts = { ...logActs(deps), ...processActs(deps), ...loadActs(deps) };

  for (const [kind, rate] of Object.entries(shares)) {
    if (dice.chance(share)) logFaults.rates.set(faultNamed(kind), rate);
  }
  for (const [kind, act] of Object.entries(acts)) {
    if (!dice.chance(share)) continue;
    const meanMs = meansMs[faultNamed(kind)] ?? 4000;
    const next = (): void =>
      time.after(dice.waitMs(meanMs), () => {
        if (time.nowMs() >= untilMs) return;
        act();
        next();
      });
    next();
  }
  time.after(untilMs - time.nowMs(), () => {
    logFaults.rates.clear();
    logFaults.topicsAway.clear();
    logFaults.awayUntilMs = Math.min(logFaults.awayUntilMs, untilMs);
  });
};
