/**
 * A round in which each name comes as often as its weight says, as evenly as it can be ("smooth weighted round-robin" of
 * nginx): a burst of one name would be a load of its own.
 *
 * @param weights whole numbers
 */
export const interleave = (weights: ReadonlyMap<string, number>): string[] => {
  const entries = [...weights].map(([name, weight]) => ({ name, weight, credit: 0 }));
  const total = entries.reduce((sum, { weight }) => sum + weight, 0);
  return Array.from({ length: total }, () => {
    for (const entry of entries) entry.credit += entry.weight;
    const next = entries.reduce((best, entry) => (entry.credit > best.credit ? entry : best));
    next.credit -= total;
    return next.name;
  });
};
