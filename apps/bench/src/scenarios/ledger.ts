import type { PublishedEvent } from '../traffic/generator-protocol.ts';
import type { Arrival } from '../traffic/receiver-protocol.ts';

/** What was accepted against what arrived, by (event, endpoint). */
export interface Ledger {
  /** Events that some endpoint which counts is owed. */
  accepted: number;
  refused: number;
  /** Distinct pairs that arrived. */
  deliveries: number;
  lost: number;
  duplicates: number;
  latenciesMs: number[];
  answersMs: number[];
  firstArrivalMs: number;
  lastArrivalMs: number;
}

/** @param pathsOf the endpoints that count, of those that are owed an event of the type */
export const settleUp = (
  published: readonly PublishedEvent[],
  arrivals: readonly Arrival[],
  pathsOf: (type: string) => readonly string[],
): Ledger => {
  const owed = new Map<string, { startedAtMs: number; paths: readonly string[] }>();
  const answersMs: number[] = [];
  let pairs = 0;
  for (const { id, type, startedAtMs, answeredAtMs } of published) {
    const paths = pathsOf(type);
    if (id === undefined || paths.length === 0) continue;
    owed.set(id, { startedAtMs, paths });
    pairs += paths.length;
    answersMs.push(answeredAtMs - startedAtMs);
  }
  const arrived = new Set<string>();
  const latenciesMs: number[] = [];
  let duplicates = 0;
  let firstArrivalMs = Infinity;
  let lastArrivalMs = -Infinity;
  for (const { id, path, atMs } of arrivals) {
    const event = owed.get(id);
    if (event === undefined || !event.paths.includes(path)) continue;
    const pair = `${id} ${path}`;
    if (arrived.has(pair)) {
      duplicates++;
      continue;
    }
    arrived.add(pair);
    latenciesMs.push(atMs - event.startedAtMs);
    firstArrivalMs = Math.min(firstArrivalMs, atMs);
    lastArrivalMs = Math.max(lastArrivalMs, atMs);
  }
  return {
    accepted: owed.size,
    refused: published.filter(({ id }) => id === undefined).length,
    deliveries: arrived.size,
    lost: pairs - arrived.size,
    duplicates,
    latenciesMs,
    answersMs,
    firstArrivalMs,
    lastArrivalMs,
  };
};
