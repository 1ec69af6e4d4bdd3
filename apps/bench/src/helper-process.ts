import { fork, type ChildProcess } from 'node:child_process';
import { z } from 'zod';

/** A child process of the bench that answers one message with one. */
export interface HelperProcess {
  readonly pid: number;
  /** Asks and waits for the answer, which `schema` reads. */
  ask<Answer>(question: unknown, schema: z.ZodType<Answer>): Promise<Answer>;
  stop(): Promise<void>;
}

const envelope = z.object({ answer: z.unknown(), error: z.string().optional() });

/** The next message of a child, or its end. */
const messageOf = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a helper process ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });

/** @param file a module that calls answerQuestions() */
export const startHelper = (file: URL): HelperProcess => {
  const child = fork(file, { serialization: 'advanced', execArgv: ['--disable-warning=ExperimentalWarning'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let turn: Promise<unknown> = Promise.resolve();
  return {
    pid: child.pid ?? 0,
    ask: (question, schema) => {
      const answered = turn.then(async () => {
        const message = messageOf(child);
        child.send({ question });
        const { answer, error } = envelope.parse(await message);
        if (error !== undefined) throw new Error(error);
        return schema.parse(answer);
      });
      turn = answered.catch(() => undefined);
      return answered;
    },
    stop: async () => {
      child.disconnect();
      await exited;
    },
  };
};

/** The other end: answers each question of the bench, and ends with it. */
export const answerQuestions = (answer: (question: unknown) => unknown): void => {
  const asked = z.object({ question: z.unknown() });
  const reply = async (message: unknown): Promise<void> => {
    try {
      process.send?.({ answer: await answer(asked.parse(message).question) });
    } catch (error) {
      process.send?.({ answer: undefined, error: String(error) });
    }
  };
  process.on('message', (message) => void reply(message));
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole group; the bench stops its helpers after what it measures.
  process.on('SIGINT', () => undefined);
};
