import { waitUntil } from '../../ledger/waiting.ts';

/** What arrived at one receiver, by the ids that it tells duplicates by. */
export interface Arrivals {
  note(id: string): void;
  /** All that arrived. */
  readonly arrived: number;
  /** Of all that arrived, those that are no repeat. */
  readonly distinct: number;
  readonly lastAtMs: number;
}

export const countArrivals = (): Arrivals => {
  const ids = new Set<string>();
  let arrived = 0;
  let lastAtMs = 0;
  return {
    note: (id) => {
      ids.add(id);
      arrived++;
      lastAtMs = Date.now();
    },
    get arrived() {
      return arrived;
    },
    get distinct() {
      return ids.size;
    },
    get lastAtMs() {
      return lastAtMs;
    },
  };
};

/** Until all has come, or nothing more does; then a moment longer, for what is still to come a second time. */
export const settled = async (arrivals: Arrivals, expected: number, timeoutMs = 180_000): Promise<void> => {
  await waitUntil(() => arrivals.distinct >= expected, timeoutMs);
  await waitUntil(() => Date.now() - arrivals.lastAtMs > 2000, 20_000);
};
