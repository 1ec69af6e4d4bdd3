import { status, type ClientDuplexStream } from '@grpc/grpc-js';
import type { PublishRequest, PublishResponse, PublishResult } from '@bellwire/contracts';
import { isUnavailable, mayRetry, waitBefore } from './backoff.ts';
import { BellwireError } from './bellwire-error.ts';
import { requestOf, type OutgoingEvent } from './outgoing-event.ts';
import { openStreamConnection, type Entry, type StreamConnection } from './stream-connection.ts';

/**
 * One stream to ingestion, opened again when it breaks. Events reach the log in the order of the calls, except those that
 * had to be sent again.
 */
export interface EventStream {
  /**
   * Resolves when the log has the event; waits its turn while too many are unanswered. An event with an idempotency key
   * is sent again after UNAVAILABLE and after a broken stream, within the time limit.
   *
   * @throws BellwireError
   */
  publish(event: OutgoingEvent): Promise<PublishResponse>;
  /** Takes no more events and resolves when each that was taken has its answer. */
  close(): Promise<void>;
}

export interface EventStreamOptions {
  open(): ClientDuplexStream<PublishRequest, PublishResult>;
  /** For each event with all of its retries, in milliseconds. */
  timeoutMs: number;
  /** Events on the way; more wait here. @default 1000 */
  maxUnanswered?: number;
}

const sweepMs = 250;

const timedOut = (): BellwireError =>
  new BellwireError(status.DEADLINE_EXCEEDED, 'No answer came in time.', { reason: 'DEADLINE_PASSED' });

/** Events that are not on the way: oldest first, or until the time of their retry. */
const makeWaitingRoom = (onReady: () => void) => {
  const queue = new Set<Entry>();
  const resting = new Set<Entry>();
  return {
    queue,
    resting,
    isEmpty: () => queue.size + resting.size === 0,
    rest: (entry: Entry, waitMs: number): void => {
      resting.add(entry);
      setTimeout(() => {
        if (!resting.delete(entry)) return;
        queue.add(entry);
        onReady();
      }, waitMs);
    },
  };
};

/** Takes out those whose time is over: an answer that comes later finds nobody. */
const expire = (entries: Iterable<Entry>, forget: (entry: Entry) => void): void => {
  const now = performance.now();
  for (const entry of entries) {
    if (entry.expiresAt > now) continue;
    forget(entry);
    entry.reject(timedOut());
  }
};

/** What is on the way, over one connection after the other. */
const makeSender = ({ open, maxUnanswered = 1000 }: EventStreamOptions) => {
  const room = makeWaitingRoom(() => pump());
  let connection: StreamConnection | undefined;
  /** After a broken stream, none is opened before. */
  let opensAt = 0;
  let opening: NodeJS.Timeout | undefined;

  const refused = (entry: Entry, error: BellwireError): void => {
    const isKeyed = entry.request.idempotencyKey !== undefined;
    const waitMs = mayRetry(error, isKeyed) ? waitBefore(++entry.retries, error) : Number.POSITIVE_INFINITY;
    if (performance.now() + waitMs < entry.expiresAt) room.rest(entry, waitMs);
    else entry.reject(error);
  };

  const lost = (entries: readonly Entry[], error: BellwireError): void => {
    connection = undefined;
    opensAt = performance.now() + waitBefore(1, error);
    for (const entry of entries) refused(entry, error);
    // A key that is refused is refused for those who wait too.
    for (const entry of isUnavailable(error) ? [] : room.queue) {
      room.queue.delete(entry);
      entry.reject(error);
    }
    pump();
  };

  const pump = (): void => {
    if (room.queue.size === 0 || opening !== undefined) return;
    const waitMs = opensAt - performance.now();
    if (connection === undefined && waitMs > 0) {
      opening = setTimeout(() => {
        opening = undefined;
        pump();
      }, waitMs);
      return;
    }
    connection ??= openStreamConnection(open(), { answered: pump, refused, lost });
    for (const entry of room.queue) {
      if (connection.unanswered.size >= maxUnanswered) return;
      room.queue.delete(entry);
      connection.send(entry);
    }
  };

  return {
    add: (entry: Entry): void => {
      room.queue.add(entry);
      pump();
    },
    expire: (): void => {
      const { unanswered } = connection ?? { unanswered: new Map<number, Entry>() };
      for (const [index, entry] of unanswered) expire([entry], () => unanswered.delete(index));
      for (const entries of [room.queue, room.resting]) expire(entries, (entry) => entries.delete(entry));
      pump();
    },
    end: (): void => connection?.end(),
  };
};

export const openEventStream = (options: EventStreamOptions): EventStream => {
  const sender = makeSender(options);
  const pending = new Set<Promise<unknown>>();
  let isClosed = false;
  let sweeper: NodeJS.Timeout | undefined;

  const settled = (publishing: Promise<unknown>): void => {
    pending.delete(publishing);
    if (pending.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  };

  return {
    publish: async (event) => {
      const request = requestOf(event);
      if (isClosed) throw new BellwireError(status.CANCELLED, 'The stream is closed.', { reason: 'CALLER_LEFT' });
      const publishing = new Promise<PublishResponse>((resolve, reject) => {
        sender.add({ request, expiresAt: performance.now() + options.timeoutMs, retries: 0, resolve, reject });
      });
      pending.add(publishing);
      sweeper ??= setInterval(sender.expire, sweepMs);
      try {
        return await publishing;
      } finally {
        settled(publishing);
      }
    },
    close: async () => {
      isClosed = true;
      await Promise.allSettled(pending);
      sender.end();
    },
  };
};
