import type { AttemptOutcome } from '@bellwire/domain';
import type { Dice } from '../world/random.ts';

/** How a receiver behaves while there are faults; afterwards each answers well, the slow ones slowly. */
export const tempers = [
  'fast',
  'slow',
  'fails',
  'hangs',
  'too_many_requests',
  'unavailable',
  'flaps',
  'resets',
  'slow_start',
  'gone',
] as const;

export type Temper = (typeof tempers)[number];

/** What a receiver does with one request: undefined where it never answers. */
export interface Reply {
  afterMs: number;
  outcome: AttemptOutcome['outcome'];
  status?: number;
  retryAfterMs?: number;
}

export interface Occasion {
  nowMs: number;
  /** Requests that this receiver had before. */
  nth: number;
  isCalm: boolean;
}

const fast = (dice: Dice): Reply => ({ afterMs: dice.between(2, 25), outcome: 'delivered', status: 200 });
const refused = (dice: Dice, status: number): Reply => ({ afterMs: dice.between(2, 40), outcome: 'rejected', status });
const flapMs = 3000;

type Behave = (dice: Dice, occasion: Occasion) => Reply | undefined;

const atTimes =
  (share: number, trouble: (dice: Dice) => Reply | undefined): Behave =>
  (dice) =>
    dice.chance(share) ? trouble(dice) : fast(dice);
const waits =
  (status: number) =>
  (dice: Dice): Reply => ({ ...refused(dice, status), retryAfterMs: dice.whole(1, 4) * 1000 });

const behaviours: Readonly<Record<Temper, Behave>> = {
  fast,
  slow: (dice) => ({ ...fast(dice), afterMs: dice.between(200, 250) }),
  fails: atTimes(0.8, (dice) => refused(dice, 500)),
  hangs: atTimes(0.6, () => undefined),
  too_many_requests: atTimes(0.5, waits(429)),
  unavailable: atTimes(0.5, waits(503)),
  flaps: (dice, { nowMs }) => (Math.floor(nowMs / flapMs) % 2 === 0 ? fast(dice) : refused(dice, 502)),
  resets: atTimes(0.5, (dice) => ({ afterMs: dice.between(1, 10), outcome: 'unreachable' })),
  slow_start: (dice, { nth }) => ({
    ...fast(dice),
    afterMs: nth < 15 ? dice.between(500, 1500) : dice.between(5, 20),
  }),
  gone: atTimes(0.1, (dice) => refused(dice, 410)),
};

/** Undefined: it hangs. */
export const replyOf = (temper: Temper, dice: Dice, occasion: Occasion): Reply | undefined =>
  behaviours[occasion.isCalm && temper !== 'slow' ? 'fast' : temper](dice, occasion);
