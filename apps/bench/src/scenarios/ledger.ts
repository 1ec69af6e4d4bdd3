import type { PublishedEvent } from '../traffic/generator-protocol.ts';
import type { Arrival } from '../traffic/receiver-protocol.ts';

/** What was accepted against what arrived, by (event, endpoint). */
export interface Ledger {
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

/** @param paths of the endpoints that count; each is owed every event */
export const settleUp = (
  published: readonly PublishedEvent[],
  arrivals: readonly Arrival[],
  paths: readonly string[],
): Ledger => {
  const started = new Map<string, number>();
  const answersMs: number[] = [];
  for (const { id, startedAtMs, answeredAtMs } of published) {
    if (id === undefined) continue;
    started.set(id, startedAtMs);
    answersMs.push(answeredAtMs - startedAtMs);
  }
  const counting = new Set(paths);
  const arrived = new Set<string>();
  const latenciesMs: number[] = [];
  let duplicates = 0;
  let firstArrivalMs = Infinity;
  let lastArrivalMs = -Infinity;
  for (const { id, path, atMs } of arrivals) {
    const startedAtMs = started.get(id);
    if (startedAtMs === undefined || !counting.has(path)) continue;
    const pair = `${id} ${path}`;
    if (arrived.has(pair)) {
      duplicates++;
      continue;
    }
    arrived.add(pair);
    latenciesMs.push(atMs - startedAtMs);
    firstArrivalMs = Math.min(firstArrivalMs, atMs);
    lastArrivalMs = Math.max(lastArrivalMs, atMs);
  }
  return {
    accepted: started.size,
    refused: published.length - started.size,
    deliveries: arrived.size,
    lost: started.size * paths.length - arrived.size,
    duplicates,
    latenciesMs,
    answersMs,
    firstArrivalMs,
    lastArrivalMs,
  };
};
