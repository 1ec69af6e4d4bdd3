import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, Rendered } from './evaluate.ts';
import { templateLimits } from './limits.ts';
import { isRendered } from './messages.ts';

/** How a job ended: with an answer, killed for its time, or because its process ended. */
export type Ending = Rendered | 'timed_out' | 'died';

/** A process that evaluates one job at a time. It is over once a job has timed out or died. */
export interface Renderer {
  /** Time runs from when the process is ready. @throws Error where it does not start */
  run(job: Job): Promise<Ending>;
  close(): void;
}

/** Long enough for a machine that is busy. */
const startLimitMs = 30_000;

const mainPath = fileURLToPath(new URL('./evaluate-main.ts', import.meta.url));

/** What it may do beyond computing: read files, for its own source. No variable of ours is in its environment. */
const startProcess = () =>
  fork(mainPath, {
    env: {},
    execArgv: ['--permission', '--allow-fs-read=*', `--max-old-space-size=${templateLimits.memoryMb}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });

export const openRenderer = (timeMs: number): Renderer => {
  const child = startProcess();
  const ended = new Promise<'died'>((resolve) => {
    child.once('exit', () => resolve('died'));
    child.once('error', () => resolve('died'));
  });
  const kill = (): void => void child.kill('SIGKILL');

  const isReady = new Promise<'ready'>((resolve) => child.once('message', () => resolve('ready')));
  const starting = Promise.race([isReady, ended]);
  const startLimit = setTimeout(kill, startLimitMs);
  void starting.then(() => clearTimeout(startLimit));

  /** What has arrived while we were busy still counts: it is read before the immediate runs. */
  const timeLimit = (): { passed: Promise<'timed_out'>; clear(): void } => {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<'timed_out'>((resolve) => {
      timer = setTimeout(() => setImmediate(() => resolve('timed_out')), timeMs);
    });
    return { passed, clear: () => clearTimeout(timer) };
  };

  const run = async (job: Job): Promise<Ending> => {
    if ((await starting) === 'died') throw new Error('a process for payload templates did not start');
    const answered = new Promise<Rendered>((resolve) =>
      child.once('message', (message) =>
        resolve(isRendered(message) ? message : { failure: 'its process made no sense' }),
      ),
    );
    const limit = timeLimit();
    // Where this fails the process has ended, which is seen below.
    child.send(job, () => undefined);
    const ending = await Promise.race([answered, ended, limit.passed]);
    limit.clear();
    if (ending === 'timed_out') kill();
    return ending;
  };

  return { run, close: kill };
};
