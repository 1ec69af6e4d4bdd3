import { setTimeout as sleep } from 'node:timers/promises';

/** A server of our own; it ends when it is closed, or by itself. */
export interface RunningServer {
  pid: number;
  /** Resolves when it has ended, whoever ended it. */
  ended: Promise<void>;
  /** May be called when it has ended. */
  close(): Promise<void>;
}

export interface KeepOptions {
  /** As people are told. */
  name: string;
  /** Starts another in the place of one that has ended: same address, same data. */
  open(): Promise<RunningServer>;
  /** A line for people. */
  print(line: string): void;
  /** How long after its end a server that nobody stopped is started again, in milliseconds. @default 5000 */
  restartAfterMs?: number;
}

/** Starts a server again whenever it has ended by itself, as often as it takes; closing it ends that. */
export const keepRunning = (first: RunningServer, options: KeepOptions): { close(): Promise<void> } => {
  const { name, open, print, restartAfterMs = 5000 } = options;
  const closing = new AbortController();
  let running = first;

  const reopen = async (): Promise<void> => {
    const inSeconds = `${restartAfterMs / 1000} s`;
    print(`${name} ended; starts again in ${inSeconds}`);
    // Lets go of the folder.
    await running.close();
    while (!closing.signal.aborted) {
      await sleep(restartAfterMs, undefined, { signal: closing.signal }).catch(() => undefined);
      if (closing.signal.aborted) return;
      try {
        running = await open();
        print(`pid ${name} ${running.pid}`);
        return;
      } catch (error) {
        print(`${error instanceof Error ? error.message : String(error)} Tried again in ${inSeconds}.`);
      }
    }
  };

  const keep = async (): Promise<void> => {
    print(`pid ${name} ${running.pid}`);
    while (!closing.signal.aborted) {
      await running.ended;
      if (!closing.signal.aborted) await reopen();
    }
  };
  const keeping = keep();

  return {
    close: async () => {
      closing.abort();
      await running.close();
      await keeping;
      // One that was just starting.
      await running.close();
    },
  };
};
