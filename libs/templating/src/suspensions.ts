/** So many renderings in a row that had to be killed suspend a template. */
const strikesAllowed = 3;
const suspensionMs = 30_000;
/** Beyond these the ones that were remembered first are forgotten. */
const remembered = 10_000;

interface Strikes {
  strikes: number;
  untilMs: number;
}

export interface Suspensions {
  /** Why a template is not tried now; undefined: it is. */
  refusal(tenantId: string, expression: string): string | undefined;
  /** @param isStrike the rendering had to be killed, or took its process with it */
  note(tenantId: string, expression: string, isStrike: boolean): void;
}

/** Bounds what hopeless templates cost: each try takes the whole time limit, and a process. */
export const makeSuspensions = (clock: { now(): number }): Suspensions => {
  const known = new Map<string, Strikes>();
  const keyOf = (tenantId: string, expression: string): string => `${tenantId}\n${expression}`;
  return {
    refusal: (tenantId, expression) => {
      const record = known.get(keyOf(tenantId, expression));
      if (record === undefined || record.strikes < strikesAllowed || clock.now() >= record.untilMs) return undefined;
      return `it ran out of time or memory ${record.strikes} times in a row, and is tried again at ${new Date(record.untilMs).toISOString()}`;
    },
    note: (tenantId, expression, isStrike) => {
      const key = keyOf(tenantId, expression);
      const strikes = (known.get(key)?.strikes ?? 0) + 1;
      known.delete(key);
      if (isStrike) known.set(key, { strikes, untilMs: clock.now() + suspensionMs });
      const [oldest] = known.keys();
      if (known.size > remembered && oldest !== undefined) known.delete(oldest);
    },
  };
};
