import { setTimeout as sleep } from 'node:timers/promises';
import { batchingProducer } from '../batching-producer.ts';
import type { Log, NewRecord } from '../log.ts';
import { topicNames } from '../topics.ts';
import type { Task } from './task.ts';
import { putAsideLetter, type PutAside } from './put-aside-letter.ts';

/** Whose record is on its way to dead-letters. */
export type DeadLetterTask = Pick<Task<unknown>, 'isCurrent' | 'settle' | 'release'>;

/** Sends records that are put aside to dead-letters, as long as it takes, and settles them. */
export interface DeadLetters {
  send(task: DeadLetterTask, aside: PutAside): void;
  /** Resolves when nothing is under way; what was not sent stays unsettled. */
  stop(): Promise<void>;
}

export interface DeadLettersOptions {
  log: Log;
  /** What is written with the letter; where it throws, nothing. */
  withLetter: (aside: PutAside) => readonly NewRecord[];
  afterLetter: (aside: PutAside) => Promise<void>;
  /** A record was put aside. */
  onPutAside: (aside: PutAside) => void;
  onFailure: (error: unknown) => void;
}

const longestBackoffMs = 5000;

export const openDeadLetters = (options: DeadLettersOptions): DeadLetters => {
  const { log, withLetter, afterLetter, onPutAside, onFailure } = options;
  const producer = batchingProducer(log);
  const stopping = new AbortController();
  const { signal } = stopping;

  const more = (aside: PutAside): readonly NewRecord[] => {
    try {
      return aside.kind === 'undecodable' ? [] : withLetter(aside);
    } catch (error) {
      onFailure(error);
      return [];
    }
  };

  const recordsOf = (aside: PutAside): readonly NewRecord[] => {
    // It is among the dead letters already; a letter about a letter would follow it there without end.
    if (aside.record.topic === topicNames.deadLetters) return [];
    return [putAsideLetter(aside, Date.now()), ...more(aside)];
  };

  const sendUntilKept = async (task: DeadLetterTask, aside: PutAside): Promise<void> => {
    const { isCurrent } = task;
    const records = recordsOf(aside);
    for (let backoffMs = 50; isCurrent() && !signal.aborted; backoffMs = Math.min(longestBackoffMs, backoffMs * 2)) {
      try {
        await producer.produce(records);
        if (aside.kind !== 'undecodable') await afterLetter(aside);
        task.settle();
        return onPutAside(aside);
      } catch (failure) {
        onFailure(failure);
        await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
      }
    }
    task.release();
  };

  return {
    send: (task, aside) => void sendUntilKept(task, aside),
    async stop() {
      stopping.abort();
      await producer.close();
    },
  };
};
