/** A place in a queue: `mine` resolves when all before it have passed. Whoever takes one must pass, also on failure. */
export interface Turn {
  readonly mine: Promise<void>;
  /** May be called more than once. */
  pass(): void;
}

/**
 * Keeps the events of one stream in order although they are prepared at the same time: each group takes a turn when it
 * begins, and passes it on when its records are with the producer.
 */
export interface OrderedTurns {
  take(): Turn;
}

export const orderedTurns = (): OrderedTurns => {
  let last: Promise<void> = Promise.resolve();
  return {
    take: () => {
      const mine = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = Promise.all([mine, promise]).then(() => undefined);
      return { mine, pass: resolve };
    },
  };
};
