import type { LogRecord } from '../log.ts';
import type { Partition } from './partition.ts';

/** Hands the records of one partition over, in order, from a position on. */
export interface Cursor {
  start(): void;
  pause(): void;
  resume(): void;
  /** Resolves when nothing more will be handed over. */
  close(): Promise<void>;
}

export interface CursorOptions {
  partition: Partition;
  fromOffset: number;
  /** Reads from the database. */
  read: (partition: Partition, fromOffset: number, limit: number) => Promise<readonly LogRecord[]>;
  deliver: (batch: readonly LogRecord[]) => void;
  /** The records below this offset are gone, and none was handed over that says so. */
  reached?: ((offset: number) => void) | undefined;
  onError: (error: unknown) => void;
}

/** One turn of the event loop hands over at most so many records of a partition. */
const batchRecords = 500;
/** A read aims at so many bytes, by the size of the records it saw last. */
const readBytes = 2 * 1024 * 1024;

const nextLimit = (batch: readonly LogRecord[]): number => {
  const bytes = batch.reduce((sum, record) => sum + 100 + (record.value?.length ?? 0), 0);
  return Math.min(2000, Math.max(10, Math.floor((readBytes * batch.length) / bytes)));
};

/** Waits before it tries again, longer each time. */
const openBackoff = (again: () => void) => {
  let timer: NodeJS.Timeout | undefined;
  let waitMs = 0;
  return {
    isWaiting: () => timer !== undefined,
    succeeded: () => void (waitMs = 0),
    failed() {
      waitMs = Math.min(2000, Math.max(50, waitMs * 2));
      timer = setTimeout(() => {
        timer = undefined;
        again();
      }, waitMs);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
};

export const openCursor = (options: CursorOptions): Cursor => {
  const { partition, fromOffset, read, deliver, reached, onError } = options;
  let position = fromOffset;
  let state: 'idle' | 'scheduled' | 'reading' = 'idle';
  let running = false;
  let paused = false;
  let limit = 200;
  let reading: Promise<void> = Promise.resolve();

  const stopped = (): boolean => paused || !running;

  const schedule = (): void => {
    if (state !== 'idle' || backoff.isWaiting() || stopped() || position >= partition.end()) return;
    state = 'scheduled';
    setImmediate(() => {
      state = 'idle';
      pump();
    });
  };

  const backoff = openBackoff(schedule);

  const hand = (batch: readonly LogRecord[], nextPosition: number): void => {
    position = nextPosition;
    partition.trim();
    schedule();
    const handedOver = (batch.at(-1)?.offset ?? -1) + 1;
    try {
      if (batch.length > 0) deliver(batch);
      if (nextPosition > handedOver) reached?.(nextPosition);
    } catch (error) {
      onError(error);
    }
  };

  const fromDatabase = async (): Promise<void> => {
    const asked = limit;
    const endBefore = partition.end();
    const batch = await read(partition, position, asked);
    backoff.succeeded();
    state = 'idle';
    if (stopped()) return;
    const last = batch.at(-1);
    if (last !== undefined) limit = nextLimit(batch);
    // Fewer than asked: what is missing up to the end was dropped by retention or compaction.
    const next = last === undefined ? position : last.offset + 1;
    hand(batch, batch.length < asked ? Math.max(next, endBefore) : next);
  };

  const retryLater = (error: unknown): void => {
    state = 'idle';
    if (!running) return;
    onError(error);
    backoff.failed();
  };

  const pump = (): void => {
    if (stopped() || position >= partition.end()) return;
    const batch = partition.take(position, batchRecords);
    if (batch !== undefined) {
      hand(batch, position + batch.length);
      return;
    }
    state = 'reading';
    reading = fromDatabase().catch(retryLater);
  };

  const follower = { position: () => position, wake: schedule };

  return {
    start() {
      running = true;
      partition.follow(follower);
      schedule();
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      schedule();
    },
    async close() {
      running = false;
      backoff.stop();
      partition.unfollow(follower);
      await reading;
    },
  };
};
