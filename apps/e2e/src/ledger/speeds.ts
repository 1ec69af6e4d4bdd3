import type { Answer } from '@bellwire/testing';
import { hashOf } from './intents.ts';

/** How an endpoint of a run behaves. */
export type Speed = 'fast' | 'slow' | 'shaky' | 'failing' | 'hanging';

export type Mix = Readonly<Partial<Record<Speed, number>>>;

export interface Arrival {
  /** Since the first request of the run, to whichever endpoint. */
  readonly sinceMs: number;
  /** The event comes for the first time. */
  readonly isFirst: boolean;
  /** Its id, and the endpoint. */
  readonly event: string;
}

export interface Behaviour {
  /** Members of the endpoint beside its URL. */
  readonly members: Readonly<Record<string, unknown>>;
  /** Requests that may be under way to it at once. */
  readonly slots: number;
  answer(arrival: Arrival): Answer;
}

/** How long a failing endpoint fails, and a hanging one hangs. */
export const troubleMs = 8000;

/** How long a shaky endpoint's retry waits. */
export const shakyWaitMs = 5000;

/** By its id, so that it is the same whoever asks. */
const isOneOfFour = (event: string): boolean => Number.parseInt(hashOf(event).slice(0, 2), 16) % 4 === 0;

// Long enough for every wait that trouble makes, and no attempt is the last one.
const retry = {
  schedule_seconds: [1, 1, 2, 2, 3, 3, 5, 5, 5, 5, 10, 10, 10, 10, 10, 20, 20, 20, 20, 20],
  retry_on: 'any_failure',
};

export const behaviours: Readonly<Record<Speed, Behaviour>> = {
  fast: { members: { max_concurrency: 8, retry }, slots: 8, answer: () => ({ status: 200 }) },
  slow: {
    members: { max_concurrency: 2, retry },
    slots: 2,
    answer: () => ({ status: 200, delayMs: 200 + Math.random() * 50 }),
  },
  // Too few failures for a breaker.
  shaky: {
    members: {
      max_concurrency: 8,
      retry: { ...retry, schedule_seconds: [shakyWaitMs / 1000, ...retry.schedule_seconds.slice(1)] },
    },
    slots: 8,
    answer: ({ isFirst, event }) => ({ status: isFirst && isOneOfFour(event) ? 503 : 200 }),
  },
  failing: {
    members: { max_concurrency: 8, retry },
    slots: 8,
    answer: ({ sinceMs }) => ({ status: sinceMs < troubleMs ? 503 : 200, delayMs: 20 }),
  },
  hanging: {
    members: { max_concurrency: 4, timeout_ms: 2000, retry },
    slots: 4,
    answer: ({ sinceMs }) => (sinceMs < troubleMs ? { hang: 'before_headers' } : { status: 200, delayMs: 20 }),
  },
};
