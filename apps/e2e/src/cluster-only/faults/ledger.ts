/** What arrived at the endpoints of one run, counted by (endpoint, event). */
export interface Ledger {
  /** @param endpoint number of the endpoint within the run */
  note(endpoint: number, eventId: string): void;
  /** All that arrived. */
  readonly arrived: number;
  /** Of all that arrived, those that are no repeat. */
  readonly distinct: number;
  readonly lastAtMs: number;
  /** For each repeat, when the same had come for the first time. */
  readonly repeatedSinceMs: readonly number[];
  /** The first arrival that is later; undefined where there is none. */
  firstAfter(ms: number): number | undefined;
  /** The longest time between two arrivals one after the other, both within the span, in milliseconds. */
  longestGap(fromMs: number, toMs: number): number;
  arrivedBetween(fromMs: number, toMs: number): number;
  /** When the event came to the endpoint for the first time. */
  firstArrival(endpoint: number, eventId: string): number | undefined;
  /** What did not come of what is owed, and what came of events that were not acknowledged. */
  compare(accepted: ReadonlyMap<string, number>, endpoints: number): { lost: number; unacknowledged: number };
}

export const openLedger = (): Ledger => {
  const firsts = new Map<string, number>();
  const times: number[] = [];
  const repeatedSinceMs: number[] = [];
  const pair = (endpoint: number, eventId: string): string => `${endpoint} ${eventId}`;
  return {
    note: (endpoint, eventId) => {
      const nowMs = Date.now();
      times.push(nowMs);
      const key = pair(endpoint, eventId);
      const first = firsts.get(key);
      if (first === undefined) firsts.set(key, nowMs);
      else repeatedSinceMs.push(first);
    },
    get arrived() {
      return times.length;
    },
    get distinct() {
      return firsts.size;
    },
    get lastAtMs() {
      return times.at(-1) ?? 0;
    },
    repeatedSinceMs,
    firstAfter: (ms) => times.find((time) => time > ms),
    longestGap: (fromMs, toMs) => {
      const within = times.filter((time) => time >= fromMs && time <= toMs);
      return within.reduce((longest, time, at) => Math.max(longest, time - (within[at - 1] ?? time)), 0);
    },
    arrivedBetween: (fromMs, toMs) => times.filter((time) => time >= fromMs && time < toMs).length,
    firstArrival: (endpoint, eventId) => firsts.get(pair(endpoint, eventId)),
    compare: (accepted, endpoints) => {
      let found = 0;
      for (const eventId of accepted.keys()) {
        for (let endpoint = 0; endpoint < endpoints; endpoint++) if (firsts.has(pair(endpoint, eventId))) found++;
      }
      return { lost: accepted.size * endpoints - found, unacknowledged: firsts.size - found };
    },
  };
};
