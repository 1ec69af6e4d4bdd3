import type { Receipts } from './receipts.ts';

/** The longest time that any endpoint waited for its next request, from `fromMs` to its last request, in milliseconds. */
export const longestStall = ({ all }: Receipts, fromMs: number): number => {
  const lasts = new Map<number, number>();
  let longest = 0;
  for (const { endpoint, atMs } of all) {
    if (atMs >= fromMs) longest = Math.max(longest, atMs - Math.max(fromMs, lasts.get(endpoint) ?? fromMs));
    lasts.set(endpoint, atMs);
  }
  return longest;
};
