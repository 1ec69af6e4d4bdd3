import { doneByEither, type OffsetRange } from './completed-offsets.ts';

/**
 * What of one partition is in flight and what is done, from the oldest unsettled record to the newest fetched one.
 * Holds: every record below `progress().offset` was settled.
 */
export interface SettlementWindow {
  /** Takes a fetched record in; false where it was in before or was done before a restart: drop it. Offsets may have gaps. */
  admit(offset: number, bytes: number): boolean;
  /** The record is done; false where that is no news. */
  settle(offset: number): boolean;
  /** A record that may not be fetched yet is done. */
  done(offset: number): void;
  isUnsettled(offset: number): boolean;
  /** Records that are not settled, and their bytes. */
  unsettled(): number;
  bytes(): number;
  /** Records from the oldest unsettled one on, settled ones among them. */
  length(): number;
  /** What to commit: the first offset that is not done, and what is done beyond it. */
  progress(): { offset: number; completed: readonly OffsetRange[] };
}

interface Entry {
  offset: number;
  bytes: number;
  settled: boolean;
}

/** Starts where the last owner's commit left off: `completed` are offsets beyond `offset` that are done, in order. */
export const settlementWindow = (offset: number, completed: readonly OffsetRange[]): SettlementWindow => {
  const entries: Entry[] = [];
  const byOffset = new Map<number, Entry>();
  let head = 0;
  /** Where the log goes on: everything below was fetched, or was committed before. */
  let next = offset;
  let restored = 0;
  /** Done, and not fetched yet. */
  const ahead = new Set<number>();
  let unsettled = 0;
  let unsettledBytes = 0;

  const advance = (): void => {
    while (entries[head]?.settled === true) head++;
    if (head > 1000 && head * 2 > entries.length) {
      entries.splice(0, head);
      head = 0;
    }
  };

  const wasDone = (candidate: number): boolean => {
    if (ahead.delete(candidate)) return true;
    for (let range = completed[restored]; range !== undefined && range.last < candidate; range = completed[restored])
      restored++;
    const range = completed[restored];
    return range !== undefined && range.first <= candidate;
  };

  const settle = (done: number): boolean => {
    const entry = byOffset.get(done);
    if (entry === undefined) return false;
    byOffset.delete(done);
    entry.settled = true;
    unsettled--;
    unsettledBytes -= entry.bytes;
    advance();
    return true;
  };

  return {
    admit(fetched, bytes) {
      if (fetched < next) return false;
      next = fetched + 1;
      const settled = wasDone(fetched);
      const entry: Entry = { offset: fetched, bytes, settled };
      entries.push(entry);
      if (settled) {
        advance();
        return false;
      }
      byOffset.set(fetched, entry);
      unsettled++;
      unsettledBytes += bytes;
      return true;
    },
    settle,
    done(offsetDone) {
      if (!settle(offsetDone) && offsetDone >= next) ahead.add(offsetDone);
    },
    isUnsettled: (fetched) => byOffset.has(fetched),
    unsettled: () => unsettled,
    bytes: () => unsettledBytes,
    length: () => entries.length - head,
    progress() {
      const ranges: OffsetRange[] = [];
      let run: OffsetRange | undefined;
      for (let at = head; at < entries.length; at++) {
        const entry = entries[at];
        if (entry?.settled !== true) run = undefined;
        // A gap between two neighbours holds no record, so a run may span it.
        else if (run === undefined) ranges.push((run = { first: entry.offset, last: entry.offset }));
        else run.last = entry.offset;
      }
      const later = [...ahead].toSorted((a, b) => a - b).map((done) => ({ first: done, last: done }));
      ranges.push(...doneByEither(next, completed.slice(restored), later));
      return { offset: entries[head]?.offset ?? next, completed: ranges };
    },
  };
};
