/** Chance that is drawn from a seed: the same seed gives the same run. */
export interface Dice {
  /** In [0, 1). */
  next(): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** In [least, most), not rounded. */
  between(least: number, most: number): number;
  /** A whole number in [least, most]. */
  whole(least: number, most: number): number;
  pick<T>(from: readonly T[]): T;
  /** The time until the next of something that happens every `meanMs` on average. */
  waitMs(meanMs: number): number;
  /** Another one, so that what is drawn here does not change what is drawn there. */
  fork(): Dice;
  bytes(count: number): Buffer;
}

/** mulberry32: 32 bits of state, and good enough for what a run draws. */
export const openDice = (seed: number): Dice => {
  let state = (Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    chance: (probability) => next() < probability,
    between: (least, most) => least + next() * (most - least),
    whole,
    pick: (from) => {
      const picked = from[whole(0, from.length - 1)];
      if (picked === undefined) throw new Error('there is nothing to pick from');
      return picked;
    },
    waitMs: (meanMs) => -Math.log(1 - next()) * meanMs,
    fork: () => openDice(whole(0, 2 ** 31)),
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => whole(0, 255))),
  };
};
