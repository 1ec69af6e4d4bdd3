import { openProcessGate, type ProcessGate } from '../world/process-gate.ts';
import type { World } from '../world/world.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SimulatedProcess } from './process.ts';

/** The processes of one kind, each started again when it has ended, as an orchestrator does. */
export interface Fleet<Process extends SimulatedProcess> {
  /** Those that live. */
  living(): readonly Process[];
  add(): Process;
  /** From now on so many live at least. */
  keep(size: number): void;
  /** Ends between two steps of its work; another takes its place. */
  kill(process: Process, afterEntries: number): void;
  /** In order, and killed where that takes too long. */
  stop(process: Process): void;
}

export interface FleetOptions<Process extends SimulatedProcess> {
  /** First letter of the names. */
  prefix: string;
  world: World;
  ledger: Ledger;
  start(gate: ProcessGate, onEnd: (error: unknown) => void): Process;
}

/** What an orchestrator gives a process to stop in. */
const graceMs = 60_000;

/** A process says that it cannot reach the log when it starts: its orchestrator tries again. */
const isStartFault = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'reason' in error && error.reason === 'LOG_UNAVAILABLE';

export const openFleet = <Process extends SimulatedProcess>(options: FleetOptions<Process>): Fleet<Process> => {
  const { prefix, world, ledger, start } = options;
  const { time, trace } = world;
  const dice = world.dice.fork();
  const processes = new Set<Process>();
  let started = 0;

  let size = 0;
  let coming = 0;

  const replaceLater = (): void => {
    if (processes.size + coming >= size) return;
    coming++;
    time.after(dice.between(100, 4000), () => {
      coming--;
      add();
    });
  };

  const end = (process: Process): void => {
    if (!processes.delete(process)) return;
    ledger.disturb(process.gate.name);
    process.gate.kill();
  };

  const add = (): Process => {
    const name = `${prefix}${++started}`;
    const gate = openProcessGate(name, time.nowMs, (error) =>
      ledger.violations.add('failed', `${name}: ${String(error)}`),
    );
    const onEnd = (error: unknown): void => {
      trace.say(name, () => `ends by itself: ${String(error)}`);
      if (!isStartFault(error))
        ledger.violations.add('failed', `${name}: ${error instanceof Error ? error.stack : String(error)}`);
      end(process);
      replaceLater();
    };
    trace.say(name, () => 'starts');
    const process = start(gate, onEnd);
    processes.add(process);
    return process;
  };

  return {
    living: () => [...processes].filter(({ gate }) => gate.isAlive()),
    add,
    keep(wanted) {
      size = wanted;
      while (processes.size < size) add();
    },
    kill(process, afterEntries) {
      process.gate.killAfter(afterEntries, () => {
        trace.say(process.gate.name, () => 'is killed');
        end(process);
        replaceLater();
      });
    },
    stop(process) {
      let hasEnded = false;
      const ends = async (): Promise<void> => {
        await process.stop();
        hasEnded = true;
        if (!processes.delete(process)) return;
        trace.say(process.gate.name, () => 'has stopped');
        process.gate.kill();
        void process.log.close();
        replaceLater();
      };
      void ends();
      time.after(graceMs, () => {
        if (hasEnded || !process.gate.isAlive()) return;
        trace.say(process.gate.name, () => 'did not stop in time');
        end(process);
        replaceLater();
      });
    },
  };
};
