import type { Receipts } from './receipts.ts';

/** The longest that any of the endpoints waited for its next request, from `fromMs` to its last one, in milliseconds. */
export const longestStall = (
  { all }: Pick<Receipts, 'all'>,
  { fromMs, endpoints }: { fromMs: number; endpoints: ReadonlySet<number> },
): number => {
  const lasts = new Map<number, number>();
  let longest = 0;
  for (const { endpoint, atMs } of all) {
    if (!endpoints.has(endpoint)) continue;
    if (atMs >= fromMs) longest = Math.max(longest, atMs - Math.max(fromMs, lasts.get(endpoint) ?? fromMs));
    lasts.set(endpoint, atMs);
  }
  return longest;
};
