/** The most of the times that lie within one window, `windowMs` long and without its end. */
export const mostWithin = (timesMs: readonly number[], windowMs: number): number => {
  const times = timesMs.toSorted((a, b) => a - b);
  let from = 0;
  let most = 0;
  for (const [index, time] of times.entries()) {
    while (time - (times[from] ?? time) >= windowMs) from++;
    most = Math.max(most, index - from + 1);
  }
  return most;
};
