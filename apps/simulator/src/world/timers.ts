export interface TimerSettings {
  atMs: number;
  /** In the order in which they were set. */
  nth: number;
  /** Before all that are due at the same moment. */
  isImmediate: boolean;
  /** It fires again and again. */
  everyMs: number | undefined;
  work: () => void;
}

/** A timer of virtual time, as Node's: what is not of use here does nothing. */
export class VirtualTimer implements Disposable {
  isCleared = false;
  readonly settings: TimerSettings;
  constructor(settings: TimerSettings) {
    this.settings = settings;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  [Symbol.dispose](): void {
    this.isCleared = true;
  }
}

/** The timers that are set, the one that fires next first. */
export interface Timers {
  add(timer: VirtualTimer): void;
  /** Takes the next one that was not cleared. */
  take(): VirtualTimer | undefined;
  clear(): void;
}

const isBefore = ({ settings: one }: VirtualTimer, { settings: other }: VirtualTimer): boolean => {
  if (one.atMs !== other.atMs) return one.atMs < other.atMs;
  if (one.isImmediate !== other.isImmediate) return one.isImmediate;
  return one.nth < other.nth;
};

/** A binary heap. */
export const openTimers = (): Timers => {
  let heap: VirtualTimer[] = [];

  const rise = (timer: VirtualTimer, from: number): void => {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(timer, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = timer;
  };

  const sink = (timer: VirtualTimer): void => {
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const [child, below] = right !== undefined && isBefore(right, left) ? [right, 2 * at + 2] : [left, 2 * at + 1];
      if (!isBefore(child, timer)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = timer;
  };

  const pop = (): VirtualTimer | undefined => {
    const [first] = heap;
    const last = heap.pop();
    if (last !== undefined && last !== first) sink(last);
    return first;
  };

  return {
    add(timer) {
      heap.push(timer);
      rise(timer, heap.length - 1);
    },
    take() {
      for (let first = pop(); first !== undefined; first = pop()) if (!first.isCleared) return first;
      return undefined;
    },
    clear: () => void (heap = []),
  };
};
