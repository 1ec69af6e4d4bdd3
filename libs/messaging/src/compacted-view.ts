import { Fault } from '@bellwire/errors';
import type { Log, LogRecord, Reader } from './log.ts';

/** Keeps a state in memory equal to a compacted topic of one partition. */
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
  let waiters: Waiter[] = [];
  let reader: Reader | undefined;
  let closed = false;

  const release = (): void => {
    const done = waiters.filter((waiter) => waiter.offset <= position);
    if (done.length === 0) return;
    waiters = waiters.filter((waiter) => waiter.offset > position);
    for (const waiter of done) waiter.finish();
  };

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
    release();
  };

  const wait = (offset: number, timeoutMs: number | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = (): void => {
        waiters = waiters.filter((other) => other !== waiter);
        waiter.finish(
          new Fault('LOG_UNAVAILABLE', `"${topic}" was read up to ${position} and ${offset} was waited for.`, {
            retryAfterMs: 1000,
          }),
        );
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
      const waiter: Waiter = {
        offset,
        finish(error) {
          clearTimeout(timer);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      if (offset <= position) waiter.finish();
      else if (closed) waiter.finish(new Fault('STOPPING', 'The view is closed.'));
      else waiters.push(waiter);
    });

  const follow = async (): Promise<void> => {
    while (!closed) {
      try {
        const [end = 0] = await log.endOffsets(topic);
        reader = await log.read({ topic, partition: 0, fromOffset: 0, records: take });
        await wait(end, undefined);
        return;
      } catch (error) {
        if (closed || reader !== undefined) throw error;
        onFailure(error);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
    throw new Fault('STOPPING', 'The view is closed.');
  };

  const ready = follow();
  // Who does not wait for it need not hear that it ended.
  ready.catch(() => undefined);

  return {
    position: () => position,
    reached: (offset, timeoutMs) => (offset <= position ? Promise.resolve() : wait(offset, timeoutMs)),
    ready,
    async close() {
      closed = true;
      const left = waiters;
      waiters = [];
      for (const waiter of left) waiter.finish(new Fault('STOPPING', 'The view is closed.'));
      await ready.catch(() => undefined);
      await reader?.close();
    },
  };
};
