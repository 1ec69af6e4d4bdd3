import { setTimeout as sleep } from 'node:timers/promises';
import { batchingProducer } from '../batching-producer.ts';
import type { Log, LogRecord } from '../log.ts';
import { unreadableLetter } from './unreadable.ts';

/** An unreadable record on its way to dead-letters. */
export interface UnreadableTask {
  record: LogRecord;
  error: unknown;
  isCurrent: () => boolean;
  settle: () => void;
  release: () => void;
}

/** Sends unreadable records to dead-letters, as long as it takes, and settles them. */
export interface DeadLetters {
  send(task: UnreadableTask): void;
  /** Resolves when nothing is under way; what was not sent stays unsettled. */
  stop(): Promise<void>;
}

const longestBackoffMs = 5000;

export const openDeadLetters = (log: Log, onFailure: (error: unknown) => void): DeadLetters => {
  const producer = batchingProducer(log);
  const stopping = new AbortController();
  const { signal } = stopping;

  const sendUntilKept = async ({ record, error, isCurrent, settle, release }: UnreadableTask): Promise<void> => {
    const letter = unreadableLetter(record, error, Date.now());
    for (let backoffMs = 50; isCurrent() && !signal.aborted; backoffMs = Math.min(longestBackoffMs, backoffMs * 2)) {
      try {
        await producer.produce([letter]);
        settle();
        return;
      } catch (failure) {
        onFailure(failure);
        await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
      }
    }
    release();
  };

  return {
    send: (task) => void sendUntilKept(task),
    async stop() {
      stopping.abort();
      await producer.close();
    },
  };
};
