import type { ConsumeOptions, SimulatedLog, Subscription } from '@bellwire/messaging';
import type { Ledger } from '../ledger/ledger.ts';
import { outside, type ProcessGate } from '../world/process-gate.ts';
import type { Dice } from '../world/random.ts';
import type { Trace } from '../world/trace.ts';
import type { VirtualTime } from '../world/virtual-time.ts';
import { makeCommits } from './group-commits.ts';
import { openTelling } from './telling.ts';
import type { Wire } from './wire.ts';

/** A member that is not heard for so long is taken for dead: its partitions go to others. */
export const sessionMs = 6000;
const beatMs = 1000;
/** Longer than a process takes to stop. */
const troubleMs = 15_000;

export interface MembershipDeps {
  time: VirtualTime;
  dice: Dice;
  trace: Trace;
  gate: ProcessGate;
  inner: SimulatedLog;
  ledger: Ledger;
  wire: Wire;
}

/**
 * A member of a group that has to be heard. One that is not (killed, paused, cut off) loses its partitions without knowing
 * it: it goes on as before until it hears of it, and then joins anew.
 */
export const openMembership = async (deps: MembershipDeps, options: ConsumeOptions): Promise<Subscription> => {
  const { time, trace, gate, inner, ledger, wire } = deps;
  const { group } = options;
  const telling = openTelling(deps, options);
  let heardAtMs = time.nowMs();
  let isExpelled = false;
  let isClosed = false;

  /** As the broker sees it: also where the process was killed before it heard that it is a member. */
  const watch = (member: Subscription): void =>
    time.after(beatMs, () => {
      if (isClosed || isExpelled) return;
      const limitMs = Math.max(heardAtMs + sessionMs, wire.awayForAllUntilMs() + sessionMs);
      if (time.nowMs() <= limitMs) return watch(member);
      isExpelled = true;
      trace.say(gate.name, () => `${group} is taken for dead`);
      ledger.disturb(gate.name);
      void outside(() => member.close());
    });

  /** What an earlier membership is still told counts for nothing. */
  const join = async (): Promise<Subscription> => {
    const self = {};
    membership = self;
    const handlers = telling.handlersWhile(() => !isClosed && membership === self);
    const member = await inner.consume({ ...options, handlers });
    watch(member);
    return member;
  };
  let membership = {};
  let joined = await wire.call(join);

  const joinAnew = async (): Promise<void> => {
    membership = {};
    telling.loseAll();
    joined = await outside(join);
    isExpelled = false;
    heardAtMs = time.nowMs();
  };

  const beating = setInterval(() => {
    if (wire.isAway()) return;
    if (isExpelled) void joinAnew();
    else heardAtMs = time.nowMs();
  }, beatMs);

  const { commit, handOver } = makeCommits(deps, {
    group,
    joined: () => joined,
    isExpelled: () => isExpelled,
    known: telling.known,
    present: telling.present,
    knownMove: telling.knownMove,
    lastMove: telling.lastMove,
  });

  return {
    isHeard: () => time.nowMs() - heardAtMs < sessionMs,
    pause: (partition) => outside(() => joined.pause(partition)),
    resume: (partition) => outside(() => joined.resume(partition)),
    commit,
    isAwaited: (partition) => joined.isAwaited(partition),
    handOver,
    close: async () => {
      clearInterval(beating);
      isClosed = true;
      // What it could not write or commit in its last moments is repeated.
      if (time.nowMs() - wire.lastTroubleMs() < troubleMs) ledger.disturb(gate.name);
      telling.leave();
      await outside(() => joined.close());
    },
  };
};
