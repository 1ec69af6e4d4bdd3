import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { Fault } from '@bellwire/errors';
import type { Logger } from '@bellwire/lifecycle';
import { topicNames, type Log } from '@bellwire/messaging';
import type { Outbox, OutboxRow } from './ports.ts';

export interface PublisherDeps {
  outbox: Outbox;
  eventLog: Pick<Log, 'produce'>;
  log: Pick<Logger, 'warn'>;
  /** Rows to a write. @default 500 */
  batchSize?: number;
  /** How long a caller waits for the log: less than the deadline of a call. @default 8000 */
  waitMs?: number;
  /** How often the relay looks for what a crash or an outage has left. @default 3000 */
  relayMs?: number;
}

/** Puts what is committed in the outbox onto registry-changes. */
export interface Publisher {
  /**
   * Resolves once the log has these committed rows, with the offset after the last of them; undefined where another
   * process has put them there.
   *
   * @throws Fault LOG_UNAVAILABLE or DATABASE_UNAVAILABLE; the rows stay committed, and the relay repeats them
   */
  published(ids: readonly number[]): Promise<number | undefined>;
  /** Empties the outbox. @throws as `published` */
  drain(): Promise<void>;
  /** Stops the relay and waits for the write under way. */
  close(): Promise<void>;
}

interface Waiter {
  ids: readonly number[];
  resolve: (position: number | undefined) => void;
  reject: (error: unknown) => void;
}

const tooLate = (): Fault =>
  new Fault('LOG_UNAVAILABLE', 'The change is saved, and will take effect when the log can be reached again.', {
    retryAfterMs: 1000,
  });

const produceRows = async (eventLog: Pick<Log, 'produce'>, rows: readonly OutboxRow[]): Promise<readonly number[]> => {
  const topic = topicNames.registryChanges;
  const span = trace.getTracer('bellwire').startSpan(`send ${topic}`, {
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.operation.name': 'send',
      'messaging.destination.name': topic,
      'messaging.batch.message_count': rows.length,
    },
  });
  try {
    const positions = await eventLog.produce(rows.map(({ key, value, headers }) => ({ topic, key, value, headers })));
    return positions.map(({ offset }) => offset);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
};

/**
 * One drain at a time; whoever comes while one is under way waits for the next, which takes the rows of all of them
 * together. A drain goes through the outbox in order of id, which for one key is the order of commits, and removes rows
 * after the log has them: a crash in between repeats them, still before anything newer of the same key.
 */
export const openPublisher = (deps: PublisherDeps): Publisher => {
  const { outbox, eventLog, log, batchSize = 500, waitMs = 8000, relayMs = 3000 } = deps;
  let waiting: Waiter[] = [];
  let running: Promise<void> | undefined;

  const round = async (): Promise<void> => {
    const served = waiting;
    waiting = [];
    const offsets = new Map<number, number>();
    try {
      let taken: number;
      do {
        taken = await outbox.take(batchSize, async (rows) => {
          const at = await produceRows(eventLog, rows);
          rows.forEach(({ id }, index) => offsets.set(id, at[index] ?? 0));
        });
      } while (taken === batchSize);
      for (const { ids, resolve } of served) {
        const known = ids.map((id) => offsets.get(id)).filter((offset) => offset !== undefined);
        resolve(known.length === ids.length && known.length > 0 ? Math.max(...known) + 1 : undefined);
      }
    } catch (error) {
      for (const { reject } of served) reject(error);
    }
  };

  const rounds = async (): Promise<void> => {
    while (waiting.length > 0) await round();
    running = undefined;
  };

  const inNextRound = (ids: readonly number[]): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      waiting.push({ ids, resolve, reject });
      running ??= rounds();
    });

  const drain = async (): Promise<void> => {
    await inNextRound([]);
  };

  const relay = setInterval(() => {
    if (running !== undefined) return;
    drain().catch((error: unknown) => log.warn({ err: error }, 'registry.relay_failed'));
  }, relayMs);
  relay.unref();

  return {
    published: (ids) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(tooLate()), waitMs);
        inNextRound(ids)
          .then(resolve, reject)
          .finally(() => clearTimeout(late));
      }),
    drain,
    async close() {
      clearInterval(relay);
      await running;
    },
  };
};
