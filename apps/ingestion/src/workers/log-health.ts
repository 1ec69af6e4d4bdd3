import { setTimeout as sleep } from 'node:timers/promises';
import { toFault } from '@bellwire/errors';
import { topicNames, type Log } from '@bellwire/messaging';
import type { Stopwatch } from '@bellwire/domain';

export interface LogHealthOptions {
  eventLog: Pick<Log, 'produce' | 'endOffsets'>;
  stopwatch: Stopwatch;
  /** Between two questions to the log, in milliseconds. @default 1000 */
  everyMs?: number;
  /** A question that is open for so long counts as unanswered, in milliseconds. @default 2000 */
  limitMs?: number;
  /** So long after a failed write answers alone do not count, in milliseconds. @default 5000 */
  distrustMs?: number;
}

/** Whether events can be written, from what becomes of the writes and, where nobody writes, of questions to the log. */
export interface LogHealth {
  /** The log's own, watched. */
  produce: Log['produce'];
  /** Tells `onChange` whether events can be written, when that changes. At the beginning they can. */
  follow(onChange: (isWritable: boolean) => void): { close(): Promise<void> };
}

export const makeLogHealth = (options: LogHealthOptions): LogHealth => {
  const { eventLog, stopwatch, everyMs = 1000, limitMs = 2000, distrustMs = 5000 } = options;
  const followers = new Set<(isWritable: boolean) => void>();
  let isWritable = true;
  let failedAtMs = -Infinity;

  const turn = (next: boolean): void => {
    if (next === isWritable) return;
    isWritable = next;
    for (const onChange of followers) onChange(next);
  };

  const ask = async (): Promise<void> => {
    const late = setTimeout(() => turn(false), limitMs);
    try {
      await eventLog.endOffsets(topicNames.events);
      if (stopwatch.now() - failedAtMs >= distrustMs) turn(true);
    } catch {
      turn(false);
    } finally {
      clearTimeout(late);
    }
  };

  return {
    async produce(records) {
      try {
        const positions = await eventLog.produce(records);
        failedAtMs = -Infinity;
        turn(true);
        return positions;
      } catch (error) {
        if (toFault(error).reason === 'LOG_UNAVAILABLE') {
          failedAtMs = stopwatch.now();
          turn(false);
        }
        throw error;
      }
    },
    follow(onChange) {
      const closing = new AbortController();
      followers.add(onChange);
      const work = async (): Promise<void> => {
        while (!closing.signal.aborted) {
          await ask();
          await sleep(everyMs, undefined, { signal: closing.signal }).catch(() => undefined);
        }
      };
      const working = work();
      return {
        close: async () => {
          followers.delete(onChange);
          closing.abort();
          await working;
        },
      };
    },
  };
};
