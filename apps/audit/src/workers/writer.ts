import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { SpanKind, SpanStatusCode, trace, type Link } from '@opentelemetry/api';
import type { Logger } from '@bellwire/lifecycle';
import { contextOfHeaders, type LogRecord, type Task } from '@bellwire/messaging';
import type { Decoded } from '../write-batch.ts';

export interface WriterDeps {
  decode(record: LogRecord): readonly Decoded[];
  writeBatch(batch: readonly Decoded[]): Promise<void>;
  log: Logger;
  /** The loop has ended by a bug. */
  onFailure(error: unknown): void;
  /** @default 2,000 rows, as far as they can be told before, and 4 MiB of records */
  limits?: { rows: number; bytes: number };
  /**
   * How long a batch that is not full waits for more, in milliseconds. What happens to an event within that time is written
   * once, as it ended, and not inserted and then updated. Nobody waits for it but a query, and as_of tells that of it.
   *
   * @default 0: what comes in one turn of the event loop
   */
  gatherMs?: number;
}

/** The one loop of a process that writes: while one batch is written the next gathers. */
export interface Writer {
  add(tasks: readonly Task<Uint8Array>[]): void;
  /** Records that are not written yet, and when the log took the oldest, in milliseconds since 1970. */
  waiting(): { records: number; oldestMs: number | undefined };
  /** Stops after the batch in hand; what is not written stays unsettled. */
  close(): Promise<void>;
}

interface InHand {
  task: Task<Uint8Array>;
  decoded: readonly Decoded[];
}

// Half of it cost Postgres a fifth to a third more a delivery (two pairs of runs, on a busy machine): more deliveries are
// written before their attempt has come.
const defaultLimits = { rows: 2000, bytes: 4 * 1024 * 1024 };
const shortestBackoffMs = 100;
const longestBackoffMs = 5000;
/** As many as operations.md 3 allows. */
const mostLinks = 128;

/** A fan-out is a row for each delivery that it plans. */
const rowsOf = ({ change }: Decoded): number => (change?.kind === 'fan_out' ? 1 + change.value.planned.length : 1);

const linksTo = (batch: readonly Decoded[]): Link[] =>
  batch.slice(0, mostLinks).flatMap(({ traceparent }) => {
    const context = traceparent === '' ? undefined : trace.getSpanContext(contextOfHeaders({ traceparent }));
    return context === undefined ? [] : [{ context }];
  });

/** First in, first out; taking is cheap however long it is. */
const openQueue = () => {
  let tasks: Task<Uint8Array>[] = [];
  let head = 0;
  let bytes = 0;
  return {
    add(more: readonly Task<Uint8Array>[]): void {
      for (const task of more) {
        tasks.push(task);
        bytes += task.value.length;
      }
    },
    take(): Task<Uint8Array> | undefined {
      const task = tasks[head];
      if (task === undefined) return undefined;
      head++;
      bytes -= task.value.length;
      if (head > 1000 && head * 2 > tasks.length) {
        tasks = tasks.slice(head);
        head = 0;
      }
      return task;
    },
    size: () => ({ records: tasks.length - head, bytes }),
    all: (): readonly Task<Uint8Array>[] => tasks.slice(head),
  };
};

/** A wait that another party may end. */
const openPause = () => {
  let end = (): void => undefined;
  return {
    wait: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: (): void => end(),
  };
};

/** Runs it until it succeeds; false where the signal came first. */
const makeInsist =
  (writeBatch: WriterDeps['writeBatch'], log: Logger, signal: AbortSignal) =>
  async (batch: readonly Decoded[]): Promise<boolean> => {
    const attributes = { 'messaging.operation.type': 'process', 'messaging.batch.message_count': batch.length };
    const options = { kind: SpanKind.CONSUMER, root: true, attributes, links: linksTo(batch) };
    const span = trace.getTracer('bellwire').startSpan('process audit', options);
    let backoffMs = shortestBackoffMs;
    let written = false;
    while (!written && !signal.aborted) {
      try {
        await writeBatch(batch);
        written = true;
      } catch (error) {
        log.warn({ records: batch.length, again_in_ms: backoffMs, err: error }, 'audit.write_failed');
        span.setStatus({ code: SpanStatusCode.ERROR });
        await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
        backoffMs = Math.min(longestBackoffMs, backoffMs * 2);
      }
    }
    span.end();
    return written;
  };

export const openWriter = (deps: WriterDeps): Writer => {
  const { decode, writeBatch, log, onFailure, limits = defaultLimits, gatherMs = 0 } = deps;
  const stopping = new AbortController();
  const insist = makeInsist(writeBatch, log, stopping.signal);
  const queue = openQueue();
  const pause = openPause();
  let inHand: readonly InHand[] = [];
  /** When the first of those came that are not in hand. */
  let gatheringSinceMs: number | undefined;
  let running: Promise<void> | undefined;

  const decoded = (task: Task<Uint8Array>): readonly Decoded[] | undefined => {
    try {
      return decode(task.record);
    } catch (error) {
      task.fail(error);
      return undefined;
    }
  };

  const gather = (): InHand[] => {
    const gathered: InHand[] = [];
    let rows = 0;
    let bytes = 0;
    while (rows < limits.rows && bytes < limits.bytes) {
      const task = queue.take();
      if (task === undefined) break;
      const entries = task.isCurrent() ? decoded(task) : undefined;
      if (entries === undefined) continue;
      gathered.push({ task, decoded: entries });
      for (const each of entries) rows += rowsOf(each);
      bytes += task.value.length;
    }
    if (queue.size().records === 0) gatheringSinceMs = undefined;
    return gathered;
  };

  /** What throws here is a bug, and not the store's trouble: that is tried until it passes. */
  const writeInHand = async (): Promise<void> => {
    try {
      if (await insist(inHand.flatMap((each) => each.decoded))) for (const { task } of inHand) task.settle();
    } catch (error) {
      for (const { task } of inHand) task.fail(error);
    }
    inHand = [];
  };

  /** As far as can be told before it is decoded: a record counts as one row. */
  const isFull = (): boolean => {
    const { records, bytes } = queue.size();
    return records >= limits.rows || bytes >= limits.bytes;
  };

  const run = async (): Promise<void> => {
    // What is handed over in this turn of the event loop is one batch already.
    await nextTurn();
    while (!stopping.signal.aborted && queue.size().records > 0) {
      const pauseMs = gatherMs - (performance.now() - (gatheringSinceMs ?? 0));
      if (pauseMs > 0 && !isFull()) await pause.wait(pauseMs);
      if (stopping.signal.aborted) break;
      inHand = gather();
      if (inHand.length === 0) break;
      await writeInHand();
    }
    running = undefined;
  };

  return {
    add(tasks) {
      queue.add(tasks);
      gatheringSinceMs ??= performance.now();
      if (isFull()) pause.end();
      running ??= run().catch(onFailure);
    },
    waiting() {
      const tasks = [...inHand.map(({ task }) => task), ...queue.all()];
      const oldestMs = tasks.reduce((oldest, { record }) => Math.min(oldest, record.timestampMs), Infinity);
      return { records: tasks.length, oldestMs: tasks.length === 0 ? undefined : oldestMs };
    },
    async close() {
      stopping.abort();
      pause.end();
      await running;
    },
  };
};
