import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { heapFlags } from '@bellwire/lifecycle';

export interface ProcessSpec {
  /** Shown before each line of its output. */
  name: string;
  /** Path of its main.ts. */
  main: string;
  env: Readonly<Record<string, string>>;
}

export interface SupervisorOptions {
  /** A line for people. */
  print(line: string): void;
  /** How long after its end a process that nobody stopped is started again, in milliseconds. @default 5000 */
  restartAfterMs?: number;
}

export interface Supervisor {
  /** Starts a process; resolves when it says that it is ready. */
  start(spec: ProcessSpec): Promise<void>;
  /** Stops all, one after the other, the one that was started last first. */
  close(): Promise<void>;
}

interface Supervised {
  stop(): Promise<void>;
}

const nameWidth = 13;

/** Runs processes as a platform would: prefixes what they print, starts again what ends by itself, stops in order. */
export const openSupervisor = ({ print, restartAfterMs = 5000 }: SupervisorOptions): Supervisor => {
  const supervised: Supervised[] = [];

  const follow = (name: string, child: ChildProcess, onLine: (line: string) => void): void => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        print(`${name.padEnd(nameWidth)}| ${line}`);
        onLine(line);
      });
    }
  };

  const start = (spec: ProcessSpec): Promise<void> =>
    new Promise((resolve) => {
      let isStopping = false;
      let child: ChildProcess;
      let restart: NodeJS.Timeout | undefined;

      const run = (): void => {
        // A process group of its own: the terminal's Ctrl-C reaches the supervisor only, which stops the others in order.
        // If the supervisor dies, the channel closes, and the process stops by itself.
        child = spawn(process.execPath, [...heapFlags, '--disable-warning=ExperimentalWarning', spec.main], {
          env: { ...process.env, ...spec.env },
          stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
          detached: true,
        });
        print(`pid ${spec.name} ${child.pid}`);
        follow(spec.name, child, (line) => {
          if (line.includes(' is ready on ')) resolve();
        });
        child.once('exit', (code, signal) => {
          if (isStopping) return;
          print(
            `${spec.name.padEnd(nameWidth)}| ended (${signal ?? code}); starts again in ${restartAfterMs / 1000} s`,
          );
          restart = setTimeout(run, restartAfterMs);
        });
      };

      const stop = (): Promise<void> =>
        new Promise((stopped) => {
          isStopping = true;
          clearTimeout(restart);
          if (child.exitCode !== null || child.signalCode !== null) return stopped();
          child.once('exit', () => stopped());
          child.kill('SIGTERM');
        });

      supervised.push({ stop });
      run();
    });

  return {
    start,
    close: async () => {
      for (const each of supervised.splice(0).toReversed()) await each.stop();
    },
  };
};
