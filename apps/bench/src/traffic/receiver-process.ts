import { z } from 'zod';
import { startHelper } from '../helper-process.ts';
import { takenArrivals, type ReceiverQuestion, type TakenArrivals } from './receiver-protocol.ts';

export interface ReceiverProcess {
  readonly pid: number;
  /** @param origin of two that are the same process: endpoints of one origin share connections */
  url(path: string, origin?: 'first' | 'second'): string;
  expect(path: string, options: { secret: string; delayMs?: number }): Promise<void>;
  /** Requests since the last take, without those of slow paths. */
  count(): Promise<number>;
  take(): Promise<TakenArrivals>;
  stop(): Promise<void>;
}

export const startReceiverProcess = async (): Promise<ReceiverProcess> => {
  const helper = startHelper(new URL('receiver.ts', import.meta.url));
  const ask = <Answer>(question: ReceiverQuestion, schema: z.ZodType<Answer>): Promise<Answer> =>
    helper.ask(question, schema);
  const ports = {
    first: await ask({ kind: 'listen' }, z.number()),
    second: await ask({ kind: 'listen' }, z.number()),
  };
  return {
    pid: helper.pid,
    url: (path, origin = 'first') => `http://127.0.0.1:${ports[origin]}${path}`,
    expect: async (path, { secret, delayMs = 0 }) => {
      await ask({ kind: 'path', path, secret, delayMs }, z.undefined());
    },
    count: () => ask({ kind: 'count' }, z.number()),
    take: () => ask({ kind: 'take' }, takenArrivals),
    stop: helper.stop,
  };
};
