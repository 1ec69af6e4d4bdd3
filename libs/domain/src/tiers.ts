/** A delay tier: a topic in which a record waits for at most `delayMs`. Tiers are timers only; schedules are policy. */
export interface Tier {
  /** As in the topic name retries.<name>: 1s, 5s, 15s, 1m, ... */
  readonly name: string;
  readonly delayMs: number;
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** `1s 5s 15s 1m 5m 30m 2h 8h`: shortest first. Throws a sentence that names the word which is wrong. */
export const parseTiers = (text: string): readonly Tier[] => {
  const tiers = text
    .trim()
    .split(/\s+/)
    .map((name): Tier => {
      const [, count, unit] = /^([1-9][0-9]{0,3})([smh])$/.exec(name) ?? [];
      const factor = unit === undefined ? undefined : unitMs[unit];
      if (factor === undefined)
        throw new Error(`"${name}" is not a delay tier: write a number and s, m or h, such as 15s`);
      return { name, delayMs: Number(count) * factor };
    });
  const sorted = tiers.toSorted((a, b) => a.delayMs - b.delayMs);
  if (new Set(sorted.map((tier) => tier.delayMs)).size !== sorted.length)
    throw new Error('a delay tier is named twice');
  return sorted;
};

/** The largest tier that fits into what remains; the shortest where none does. */
export const tierFor = (tiers: readonly Tier[], remainingMs: number): Tier => {
  const tier = tiers.findLast((candidate) => candidate.delayMs <= remainingMs) ?? tiers[0];
  if (tier === undefined) throw new Error('there is no delay tier');
  return tier;
};

/** A record that leaves such a tier early is late by less than this, in milliseconds, wherever it stands in its line. */
const longestEnclosingMs = 15_000;

/**
 * For a wait whose end is a guess: the shortest tier that encloses what remains, which is one record of the log where
 * {@link tierFor} takes several. Behind more records than a process holds of a partition it may come late.
 */
export const roughTierFor = (tiers: readonly Tier[], remainingMs: number): Tier => {
  const enclosing = tiers.find((tier) => tier.delayMs >= remainingMs);
  return enclosing !== undefined && enclosing.delayMs <= longestEnclosingMs ? enclosing : tierFor(tiers, remainingMs);
};

/**
 * When a record that was put into a tier should leave it: after the length of the tier, so that each tier is first in,
 * first out and no head blocks a record that is due before it; or when it is due, where that is sooner.
 */
export const leavesTierAt = (tier: Tier, enqueuedAtMs: number, dueAtMs: number): number =>
  Math.min(dueAtMs, enqueuedAtMs + tier.delayMs);
