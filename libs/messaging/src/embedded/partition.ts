import type { LogRecord } from '../log.ts';

/** Whoever reads a partition: told when there is more. */
export interface Follower {
  /** The next offset it wants. */
  position(): number;
  /** False while it is paused: it will read from the database what comes meanwhile. */
  isTaking(): boolean;
  wake(): void;
}

/**
 * One partition as this process knows it: where it ends, and in memory the newest records that a follower has not taken
 * yet. Nobody follows, or all are paused: nothing is kept.
 */
export interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** The offset after the last acknowledged record. */
  end(): number;
  /** Takes in records that were just written; their offsets are contiguous. */
  append(records: readonly LogRecord[]): void;
  /** Records from memory; undefined where they have to be read from the database. */
  take(fromOffset: number, limit: number): readonly LogRecord[] | undefined;
  /** Forgets what all followers have passed. */
  trim(): void;
  /** The end as the database has it, after a connection was lost: memory may have missed a write. */
  restart(end: number): void;
  follow(follower: Follower): void;
  unfollow(follower: Follower): void;
}

const weightOf = (record: LogRecord): number => record.key.length + (record.value?.length ?? 0) + 100;

/** `tailBytes`: at most so much memory for the records of this partition; the oldest go first. */
export const openPartition = (topic: string, partition: number, start: number, tailBytes: number): Partition => {
  const followers = new Set<Follower>();
  let tail: LogRecord[] = [];
  let bytes = 0;
  let end = start;

  const drop = (count: number): void => {
    for (const record of tail.splice(0, count)) bytes -= weightOf(record);
  };

  const forget = (): void => {
    tail = [];
    bytes = 0;
  };

  const tailStart = (): number => end - tail.length;

  const trim = (): void => {
    let least = end;
    for (const follower of followers) if (follower.isTaking()) least = Math.min(least, follower.position());
    const passed = least - tailStart();
    if (passed >= tail.length) forget();
    else if (passed > 0) drop(passed);
  };

  return {
    topic,
    partition,
    end: () => end,
    append(records) {
      const first = records[0];
      if (first === undefined) return;
      if (first.offset !== end) forget();
      end = first.offset + records.length;
      if (![...followers].some((follower) => follower.isTaking())) return forget();
      for (const record of records) {
        tail.push(record);
        bytes += weightOf(record);
      }
      let over = 0;
      for (let excess = bytes - tailBytes; excess > 0 && over < tail.length; over++) {
        const oldest = tail[over];
        excess -= oldest === undefined ? 0 : weightOf(oldest);
      }
      if (over > 0) drop(over);
      for (const follower of followers) follower.wake();
    },
    take(fromOffset, limit) {
      const at = fromOffset - tailStart();
      return at >= 0 && at < tail.length ? tail.slice(at, at + limit) : undefined;
    },
    trim,
    restart(databaseEnd) {
      forget();
      end = databaseEnd;
      for (const follower of followers) follower.wake();
    },
    follow: (follower) => void followers.add(follower),
    unfollow(follower) {
      followers.delete(follower);
      trim();
    },
  };
};
