import { Fault } from '@bellwire/errors';
import type { Log, LogRecord, Reader } from './log.ts';

/**
 * Keeps a state in memory equal to a compacted topic of one partition. Where that is made anew, what the new one holds is
 * added to what is known.
 */
export interface CompactedView {
  /** The next offset expected: everything below is applied. 0 before anything was read. */
  position(): number;
  /** Resolves when everything below `offset` is applied; rejects with a Fault LOG_UNAVAILABLE after timeoutMs. */
  reached(offset: number, timeoutMs: number): Promise<void>;
  /** Caught up with what the topic held when it was opened; waits as long as the log cannot be reached. Rejects on close. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

export interface CompactedViewOptions {
  /** apply() threw, and the record is passed over; or the log cannot be reached yet. @default ignored */
  onFailure?: (error: unknown, record?: LogRecord) => void;
}

interface Waiter {
  offset: number;
  finish(error?: Fault): void;
}

const retryMs = 200;

interface Waiters {
  /** Resolves when the position has come to `offset`; without a time-out it waits until it is ended. */
  wait(offset: number, timeoutMs?: number): Promise<void>;
  /** The position has moved. */
  release(): void;
  end(): void;
}

const stopping = (): Fault => new Fault('STOPPING', 'The view is closed.');

const openWaiters = (topic: string, position: () => number): Waiters => {
  const waiting = new Set<Waiter>();
  let ended = false;

  const late = (offset: number): Fault =>
    new Fault('LOG_UNAVAILABLE', `"${topic}" was read up to ${position()} and ${offset} was waited for.`, {
      retryAfterMs: 1000,
    });

  return {
    wait: (offset, timeoutMs) =>
      new Promise((resolve, reject) => {
        const finish = (error?: Fault): void => {
          clearTimeout(timer);
          waiting.delete(waiter);
          if (error === undefined) resolve();
          else reject(error);
        };
        const waiter: Waiter = { offset, finish };
        const timer = timeoutMs === undefined ? undefined : setTimeout(() => finish(late(offset)), timeoutMs);
        if (offset <= position()) finish();
        else if (ended) finish(stopping());
        else waiting.add(waiter);
      }),
    release() {
      for (const waiter of waiting) if (waiter.offset <= position()) waiter.finish();
    },
    end() {
      ended = true;
      for (const waiter of waiting) waiter.finish(stopping());
    },
  };
};

/**
 * Reads the topic from the beginning and follows it. A compacted log keeps the last record of a partition, so the position
 * comes to the end whatever was compacted before it.
 */
export const followCompacted = (
  log: Log,
  topic: string,
  apply: (record: LogRecord) => void,
  { onFailure = () => undefined }: CompactedViewOptions = {},
): CompactedView => {
  let position = 0;
  let reader: Reader | undefined;
  let closed = false;
  const waiters = openWaiters(topic, () => position);

  const take = (batch: readonly LogRecord[]): void => {
    for (const record of batch) {
      if (record.offset < position) continue;
      try {
        apply(record);
      } catch (error) {
        onFailure(error, record);
      }
      position = record.offset + 1;
    }
    waiters.release();
  };

  const reached = (offset: number): void => {
    position = Math.max(position, offset);
    waiters.release();
  };

  const begunAnew = (offset: number): void => void (position = offset);

  const follow = async (): Promise<void> => {
    for (;;) {
      if (closed) throw stopping();
      try {
        const [end = 0] = await log.endOffsets(topic);
        reader = await log.read({ topic, partition: 0, fromOffset: 0, records: take, reached, begunAnew });
        await waiters.wait(end);
        return;
      } catch (error) {
        if (closed || reader !== undefined) throw error;
        onFailure(error);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  };

  const ready = follow();
  // Who does not wait for it need not hear that it ended.
  ready.catch(() => undefined);

  return {
    position: () => position,
    reached: (offset, timeoutMs) => (offset <= position ? Promise.resolve() : waiters.wait(offset, timeoutMs)),
    ready,
    async close() {
      closed = true;
      waiters.end();
      await ready.catch(() => undefined);
      await reader?.close();
    },
  };
};
