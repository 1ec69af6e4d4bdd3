import { sessionMs } from '../log/membership.ts';
import type { Fleet } from '../processes/fleet.ts';
import type { SimulatedProcess } from '../processes/process.ts';
import type { Acts, FaultPlanDeps } from './acts.ts';
import type { FaultKind } from './fault-counts.ts';

/** Faults of processes. */
export const processActs = ({ world, dispatchers, ingestion, ledger }: FaultPlanDeps): Acts => {
  const { time, trace } = world;
  const dice = world.dice.fork();
  const on =
    <Process extends SimulatedProcess>(fleet: Fleet<Process>, act: (process: Process) => void): (() => void) =>
    () => {
      const living = fleet.living().filter(({ gate }) => !gate.isPaused());
      if (living.length > 0) act(dice.pick(living));
    };
  const pause = (kind: FaultKind, leastMs: number, mostMs: number): (() => void) =>
    on(dispatchers, ({ gate }) => {
      const ms = Math.round(dice.between(leastMs, mostMs));
      trace.strike(kind, gate.name, `${ms} ms`);
      gate.pause();
      time.after(ms, gate.resume);
    });
  const setClock = (kind: FaultKind, sign: 1 | -1): (() => void) =>
    on(dispatchers, ({ gate: { name } }) => {
      const ms = sign * Math.round(dice.pick([dice.between(100, 3000), dice.between(10_000, 60_000)]));
      trace.strike(kind, name, `${ms} ms`);
      ledger.clocks.set(name, ledger.clocks.offsetOf(name) + ms);
    });

  return {
    'dispatcher.killed': on(dispatchers, (process) => {
      trace.strike('dispatcher.killed', process.gate.name);
      dispatchers.kill(process, dice.whole(0, 40));
    }),
    'dispatcher.stopped': on(dispatchers, (process) => {
      trace.strike('dispatcher.stopped', process.gate.name);
      dispatchers.stop(process);
    }),
    'dispatcher.joins': () => {
      if (dispatchers.living().length > 3) return;
      trace.strike('dispatcher.joins');
      const joined = dispatchers.add();
      time.after(dice.between(1500, 9000), () => joined.gate.isAlive() && dispatchers.stop(joined));
    },
    'dispatcher.paused_shortly': pause('dispatcher.paused_shortly', 200, sessionMs - 1500),
    'dispatcher.paused_beyond_session': pause('dispatcher.paused_beyond_session', sessionMs + 1500, sessionMs + 9000),
    'ingestion.killed': on(ingestion, (process) => {
      trace.strike('ingestion.killed', process.gate.name);
      ingestion.kill(process, dice.whole(0, 40));
    }),
    'ingestion.stopped': on(ingestion, (process) => {
      trace.strike('ingestion.stopped', process.gate.name);
      ingestion.stop(process);
    }),
    'clock.set_back': setClock('clock.set_back', -1),
    'clock.set_forward': setClock('clock.set_forward', 1),
  };
};
