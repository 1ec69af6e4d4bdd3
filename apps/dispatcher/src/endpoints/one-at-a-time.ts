/**
 * Runs of some work that never overlap. Who asks while one is under way gets the next, and shares it with all others who
 * asked by then: what they have changed is in it.
 */
export const oneAtATime = (work: () => Promise<void>): (() => Promise<void>) => {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => (current = work().finally(() => (current = undefined)));
  return () => {
    if (current === undefined) return start();
    next ??= current
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
};
