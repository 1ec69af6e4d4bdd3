import type { LogRecord } from '../log.ts';
import type { Partition } from './partition.ts';
import type { ReadRecords } from './store.ts';

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
  /** Of one batch; one record may be more. @default 2 MiB, and at most that */
  fetchBytes?: number | undefined;
  /** Reads from the database. */
  read: ReadRecords;
  deliver: (batch: readonly LogRecord[]) => void;
  /** The records below this offset are gone, and none was handed over that says so. */
  reached?: ((offset: number) => void) | undefined;
  onError: (error: unknown) => void;
}

/** One turn of the event loop hands over at most so many records of a partition. */
const batchRecords = 500;
const readRecords = 2000;
const largestFetchBytes = 2 * 1024 * 1024;

const sizeOf = (batch: readonly LogRecord[]): number => batch.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);

/** The first records, until there are so many bytes. */
const upTo = (bytes: number, batch: readonly LogRecord[] | undefined): readonly LogRecord[] | undefined => {
  if (batch === undefined) return undefined;
  let sum = 0;
  const end = batch.findIndex(({ value }) => (sum += value?.length ?? 0) >= bytes);
  return end === -1 ? batch : batch.slice(0, end + 1);
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
  const bytes = Math.min(options.fetchBytes ?? largestFetchBytes, largestFetchBytes);
  let position = fromOffset;
  let state: 'idle' | 'scheduled' | 'reading' = 'idle';
  let running = false;
  let paused = false;
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
    const endBefore = partition.end();
    const batch = await read(partition, position, { records: readRecords, bytes });
    backoff.succeeded();
    state = 'idle';
    if (stopped()) return;
    const last = batch.at(-1);
    const next = last === undefined ? position : last.offset + 1;
    // Less than asked: what is missing up to the end was dropped by retention or compaction.
    const isRest = batch.length < readRecords && sizeOf(batch) < bytes;
    hand(batch, isRest ? Math.max(next, endBefore) : next);
  };

  const retryLater = (error: unknown): void => {
    state = 'idle';
    if (!running) return;
    onError(error);
    backoff.failed();
  };

  const pump = (): void => {
    if (stopped() || position >= partition.end()) return;
    const batch = upTo(bytes, partition.take(position, batchRecords));
    if (batch !== undefined) {
      hand(batch, position + batch.length);
      return;
    }
    state = 'reading';
    reading = fromDatabase().catch(retryLater);
  };

  const follower = { position: () => position, isTaking: () => !paused, wake: schedule };

  return {
    start() {
      running = true;
      partition.follow(follower);
      schedule();
    },
    pause() {
      paused = true;
      partition.trim();
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
