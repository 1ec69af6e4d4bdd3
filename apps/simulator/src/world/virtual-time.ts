import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import { currentGate } from './process-gate.ts';
import { openDice } from './random.ts';
import { openTimers, VirtualTimer } from './timers.ts';

/** Time that passes only when somebody lets it, for everything in this process. */
export interface VirtualTime {
  nowMs(): number;
  /** Calls `work` then, whatever becomes of the processes: for the network, the receivers and the faults. */
  after(ms: number, work: () => void): void;
  /** The next timer fires, and everything that follows from it at that moment is done. False: there is none. */
  step(): Promise<boolean>;
  /** Begins anew: no timers, the same start, chance from this seed. */
  begin(seed: number): void;
}

const startMs = Date.UTC(2026, 0, 1);

type Callback = (...given: unknown[]) => void;

/** A timer's callback, as it fires in the process that set it; not where it was cleared while the process was paused. */
const gated = (callback: Callback, given: readonly unknown[], isCleared: () => boolean, stop: () => void) => {
  const gate = currentGate();
  if (gate === undefined) return () => callback(...given);
  let isWaiting = false;
  return () => {
    if (!gate.isAlive()) return stop();
    // Of an interval that came due several times meanwhile, once.
    if (isWaiting) return;
    isWaiting = true;
    gate.enter(() => {
      isWaiting = false;
      if (!isCleared()) callback(...given);
    });
  };
};

/** Ends the process: a virtual hour may not be spent at one moment. */
const stepsAtOneMoment = 200_000;

/** As in Node, no timer fires sooner than after a millisecond. */
const wholeMs = (ms: number): number => Math.max(1, Math.floor(ms));

/** The moment that it is, and the timers that are set. */
const openClock = () => {
  const timers = openTimers();
  let nowMs = startMs;
  let made = 0;

  const add = (work: () => void, afterMs: number, isImmediate: boolean, everyMs?: number): VirtualTimer => {
    const timer = new VirtualTimer({ atMs: nowMs + afterMs, nth: made++, isImmediate, everyMs, work });
    timers.add(timer);
    return timer;
  };

  return {
    nowMs: () => nowMs,
    after: (ms: number, work: () => void) => add(work, wholeMs(ms), false),
    every: (ms: number, work: () => void) => add(work, wholeMs(ms), false, wholeMs(ms)),
    immediately: (work: () => void) => add(work, 0, true),
    /** The next timer fires. False: there is none. */
    fireNext(): boolean {
      const timer = timers.take();
      if (timer === undefined) return false;
      const { settings } = timer;
      nowMs = settings.atMs;
      if (settings.everyMs !== undefined) {
        settings.atMs += settings.everyMs;
        settings.nth = made++;
        timers.add(timer);
      }
      settings.work();
      return true;
    },
    begin(): void {
      timers.clear();
      nowMs = startMs;
      made = 0;
    },
  };
};

type Clock = ReturnType<typeof openClock>;

const replaceTimers = (clock: Clock): void => {
  const clear = (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.isCleared = true;
  };
  const setWith = (
    set: (work: () => void) => VirtualTimer,
    callback: Callback,
    given: readonly unknown[],
  ): VirtualTimer => {
    const timer: VirtualTimer = set(
      gated(
        callback,
        given,
        () => timer.isCleared,
        () => clear(timer),
      ),
    );
    return timer;
  };
  const setVirtualTimeout = (callback: Callback, ms = 0, ...given: unknown[]): VirtualTimer =>
    setWith((work) => clock.after(ms, work), callback, given);
  Object.assign(globalThis, {
    setTimeout: setVirtualTimeout,
    setInterval: (callback: Callback, ms = 0, ...given: unknown[]) =>
      setWith((work) => clock.every(ms, work), callback, given),
    setImmediate: (callback: Callback, ...given: unknown[]) =>
      setWith((work) => clock.immediately(work), callback, given),
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  });
  const sleep = (ms = 0, value?: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        clear(timer);
        reject(new DOMException('This operation was aborted', 'AbortError'));
      };
      const timer = setVirtualTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve(value);
      }, ms);
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  Object.assign(timersPromises, { setTimeout: sleep });
};

const replaceClocks = (nowMs: () => number): void => {
  class VirtualDate extends Date {
    constructor(...given: [] | [number | string | Date]) {
      if (given.length === 0) super(nowMs());
      else super(...given);
    }
    static override now(): number {
      return nowMs();
    }
  }
  Object.assign(globalThis, { Date: VirtualDate });
  const runMs = (): number => nowMs() - startMs;
  Object.defineProperty(performance, 'now', { value: runMs });
  const hrtime = (): [number, number] => [Math.floor(runMs() / 1000), (runMs() % 1000) * 1_000_000];
  Object.assign(process, { hrtime: Object.assign(hrtime, { bigint: () => BigInt(runMs()) * 1_000_000n }) });
};

/** Replaces timers, clocks and chance of this process for good: call it once, before anything of the product is imported. */
export const openVirtualTime = (): VirtualTime => {
  const setRealImmediate = setImmediate;
  const clock = openClock();
  const { nowMs } = clock;
  replaceTimers(clock);
  replaceClocks(nowMs);
  let dice = openDice(0);
  const uuid = (): string => {
    const hex = dice.bytes(16).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  Object.assign(crypto, { randomUUID: uuid, randomBytes: (count: number) => dice.bytes(count) });
  Math.random = () => dice.next();
  syncBuiltinESMExports();

  let momentMs = 0;
  let stepsThen = 0;
  const count = (): void => {
    stepsThen = nowMs() === momentMs ? stepsThen + 1 : 0;
    momentMs = nowMs();
    if (stepsThen > stepsAtOneMoment) throw new Error(`time stands still at ${nowMs()}: something is done for ever`);
  };

  return {
    nowMs,
    after: (ms, work) => void clock.after(ms, work),
    async step() {
      if (!clock.fireNext()) return false;
      count();
      // Whatever was resolved is seen to before a real turn of the event loop comes to its end.
      await new Promise((resolve) => setRealImmediate(resolve));
      return true;
    },
    begin(seed) {
      clock.begin();
      dice = openDice(seed ^ 0x5eed);
    },
  };
};
