import type { Answer } from '@bellwire/testing';

/** How an endpoint of a run behaves. */
export type Speed = 'fast' | 'slow' | 'failing' | 'hanging';

export type Mix = Readonly<Partial<Record<Speed, number>>>;

export interface Behaviour {
  /** Members of the endpoint beside its URL. */
  readonly members: Readonly<Record<string, unknown>>;
  /** Requests that may be under way to it at once, where it says so. */
  readonly slots: number | undefined;
  /** @param sinceMs since the first request of the run, to whichever endpoint */
  answer(sinceMs: number): Answer;
}

/** How long a failing endpoint fails, and a hanging one hangs. */
export const troubleMs = 8000;

// Long enough for every wait that trouble makes, and no attempt is the last one.
const retry = {
  schedule_seconds: [1, 1, 2, 2, 3, 3, 5, 5, 5, 5, 10, 10, 10, 10, 10, 20, 20, 20, 20, 20],
  retry_on: 'any_failure',
};

export const behaviours: Readonly<Record<Speed, Behaviour>> = {
  fast: { members: { retry }, slots: undefined, answer: () => ({ status: 200 }) },
  slow: {
    members: { max_concurrency: 2, retry },
    slots: 2,
    answer: () => ({ status: 200, delayMs: 200 + Math.random() * 50 }),
  },
  failing: {
    members: { max_concurrency: 8, retry },
    slots: 8,
    answer: (sinceMs) => ({ status: sinceMs < troubleMs ? 503 : 200, delayMs: 20 }),
  },
  hanging: {
    members: { max_concurrency: 4, timeout_ms: 2000, retry },
    slots: 4,
    answer: (sinceMs) => (sinceMs < troubleMs ? { hang: 'before_headers' } : { status: 200, delayMs: 20 }),
  },
};
