import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import FakeTimers from '@sinonjs/fake-timers';
import { currentGate } from './process-gate.ts';
import { openDice } from './random.ts';

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

type TimerId = ReturnType<FakeTimers.Clock['setTimeout']>;

const asTimer = (id: TimerId): Exclude<TimerId, number> => {
  if (typeof id === 'number') throw new Error('a timer of a browser');
  return id;
};

const replaceTimers = (clock: FakeTimers.Clock): void => {
  const cleared = new WeakSet<object>();
  const clear = (timer: Exclude<TimerId, number> | undefined | null): void => {
    if (typeof timer !== 'object' || timer === null) return;
    cleared.add(timer);
    clock.clearTimeout(timer);
  };
  const setter =
    (set: (callback: () => void, ms: number) => TimerId) =>
    (callback: Callback, ms = 0, ...given: unknown[]): Exclude<TimerId, number> => {
      const isCleared = (): boolean => cleared.has(timer);
      const timer: Exclude<TimerId, number> = asTimer(
        set(
          gated(callback, given, isCleared, () => clear(timer)),
          ms,
        ),
      );
      return timer;
    };
  const immediately = (callback: Callback, ...given: unknown[]): object =>
    setter((work) => clock.setImmediate(work))(callback, 0, ...given);
  Object.assign(globalThis, {
    // As in Node, none fires sooner than after a millisecond.
    setTimeout: setter((work, ms) => clock.setTimeout(work, Math.max(1, ms))),
    setInterval: setter((work, ms) => clock.setInterval(work, Math.max(1, ms))),
    setImmediate: immediately,
    clearTimeout: clear,
    clearInterval: clear,
    clearImmediate: clear,
  });
  const sleep = (ms = 0, value?: unknown, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const abort = (): void => {
        clearTimeout(timer);
        reject(new DOMException('This operation was aborted', 'AbortError'));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve(value);
      }, ms);
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort, { once: true });
    });
  Object.assign(timersPromises, { setTimeout: sleep });
};

/** Replaces timers, clocks and chance of this process for good: call it once, before anything of the product is imported. */
export const openVirtualTime = (): VirtualTime => {
  const setRealImmediate = setImmediate;
  const clock = FakeTimers.install({ now: startMs, toFake: ['Date', 'performance', 'hrtime'] });
  replaceTimers(clock);
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
    stepsThen = clock.now === momentMs ? stepsThen + 1 : 0;
    momentMs = clock.now;
    if (stepsThen > stepsAtOneMoment) throw new Error(`time stands still at ${clock.now}: something is done for ever`);
  };

  return {
    nowMs: () => clock.now,
    after: (ms, work) => void clock.setTimeout(work, ms),
    async step() {
      if (clock.countTimers() === 0) return false;
      clock.next();
      count();
      // Whatever was resolved is seen to before a real turn of the event loop comes to its end.
      await new Promise((resolve) => setRealImmediate(resolve));
      return true;
    },
    begin(seed) {
      clock.reset();
      clock.setSystemTime(startMs);
      dice = openDice(seed ^ 0x5eed);
    },
  };
};
