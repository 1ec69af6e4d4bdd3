import { z } from 'zod';
import { startHelper } from '../helper-process.ts';
import { takenArrivals, type Answering, type ReceiverQuestion, type TakenArrivals } from './receiver-protocol.ts';

/** Of two that are the same process: endpoints of one origin share connections. */
export type Origin = 'first' | 'second';

export interface ReceiverProcess {
  readonly pid: number;
  url(path: string, origin?: Origin): string;
  expect(answering: Answering): Promise<void>;
  /** Requests for the paths of a group since the last take. */
  count(group: string): Promise<number>;
  /** Requests for the path that were unanswered at the same time, at most. */
  mostAtOnce(path: string): Promise<number>;
  take(): Promise<TakenArrivals>;
  /** Cuts connections to an origin and refuses new ones. */
  goDown(origin: Origin): Promise<void>;
  comeUp(origin: Origin): Promise<void>;
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
    expect: async (answering) => {
      await ask({ kind: 'path', answering }, z.undefined());
    },
    count: (group) => ask({ kind: 'count', group }, z.number()),
    mostAtOnce: (path) => ask({ kind: 'most', path }, z.number()),
    take: () => ask({ kind: 'take' }, takenArrivals),
    goDown: async (origin) => {
      await ask({ kind: 'close', port: ports[origin] }, z.undefined());
    },
    comeUp: async (origin) => {
      await ask({ kind: 'listen', port: ports[origin] }, z.number());
    },
    stop: helper.stop,
  };
};
