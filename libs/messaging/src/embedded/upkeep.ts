import type { TopicSpec } from '../log.ts';
import type { Partition } from './partition.ts';
import type { Store } from './store.ts';

/** Retention and compaction, on a timer and on demand. */
export interface Upkeep {
  run(): Promise<void>;
  /** Resolves when a run that is under way has ended. */
  close(): Promise<void>;
}

export interface UpkeepOptions {
  store: Store;
  /** The topics of which a retention is known, with their partitions. */
  topics: () => Iterable<readonly [TopicSpec, readonly Partition[]]>;
  intervalMs: number;
  onError: (error: unknown) => void;
}

/** A compacted partition to which nothing was added since the last run is left alone, until its tombstones may have aged. */
export const openUpkeep = ({ store, topics, intervalMs, onError }: UpkeepOptions): Upkeep => {
  const compacted = new Map<Partition, { end: number; atMs: number }>();
  let running: Promise<void> | undefined;
  let closed = false;

  const compact = async (spec: TopicSpec, partition: Partition): Promise<void> => {
    const end = partition.end();
    const nowMs = Date.now();
    const last = compacted.get(partition);
    if (last?.end === end && nowMs - last.atMs < spec.retentionMs) return;
    await store.compact(partition, nowMs - spec.retentionMs);
    compacted.set(partition, { end, atMs: nowMs });
  };

  const runOnce = async (): Promise<void> => {
    for (const [spec, partitions] of topics()) {
      for (const partition of partitions) {
        if (closed) return;
        if (spec.cleanup === 'compact') await compact(spec, partition);
        else await store.trim(partition, Date.now() - spec.retentionMs);
      }
    }
  };

  const run = (): Promise<void> => (running ??= runOnce().finally(() => (running = undefined)));
  const timer = setInterval(() => void run().catch(onError), intervalMs);
  timer.unref();

  return {
    run,
    async close() {
      closed = true;
      clearInterval(timer);
      await running?.catch(() => undefined);
    },
  };
};
