import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The border of one simulated process. Everything that comes to it from outside (a timer, records, an answer) enters here,
 * so that a process that was killed does nothing any more, and one that is stopped for a while (SIGSTOP) does it all later.
 */
export interface ProcessGate {
  readonly name: string;
  enter(work: () => void): void;
  /** When it was entered before the present time; whatever it decided until then, it decided at that moment at the latest. */
  enteredBeforeMs(): number;
  isAlive(): boolean;
  isPaused(): boolean;
  pause(): void;
  resume(): void;
  kill(): void;
  /** Kills it after so many further entries: between any two steps of its work. */
  killAfter(entries: number, onKilled: () => void): void;
}

const current = new AsyncLocalStorage<ProcessGate>();

/** Of the process whose code runs now; undefined in the simulation's own. */
export const currentGate = (): ProcessGate | undefined => current.getStore();

/** What the process calls, but what goes on whatever becomes of it: the log's side. */
export const outside = <Result>(work: () => Result): Result => current.exit(work);

/** @param onError something threw that nobody in the process catches */
export const openProcessGate = (name: string, nowMs: () => number, onError: (error: unknown) => void): ProcessGate => {
  let enteredMs = nowMs();
  let enteredBeforeMs = enteredMs;
  let alive = true;
  let paused = false;
  let waiting: (() => void)[] = [];
  let countdown: { entries: number; onKilled: () => void } | undefined;

  const isDoomed = (): boolean => countdown !== undefined && countdown.entries-- <= 0;

  const run = (work: () => void): void => {
    enteredBeforeMs = enteredMs;
    enteredMs = nowMs();
    try {
      current.run(gate, work);
    } catch (error) {
      onError(error);
    }
  };

  const gate: ProcessGate = {
    name,
    enter(work) {
      if (!alive) return;
      if (paused) waiting.push(work);
      else if (isDoomed()) {
        const onKilled = countdown?.onKilled;
        gate.kill();
        onKilled?.();
      } else run(work);
    },
    enteredBeforeMs: () => enteredBeforeMs,
    isAlive: () => alive,
    isPaused: () => paused,
    pause: () => void (paused = true),
    resume() {
      paused = false;
      const works = waiting;
      waiting = [];
      for (const work of works) gate.enter(work);
    },
    kill() {
      alive = false;
      waiting = [];
      countdown = undefined;
    },
    killAfter: (entries, onKilled) => void (countdown = { entries, onKilled }),
  };
  return gate;
};
