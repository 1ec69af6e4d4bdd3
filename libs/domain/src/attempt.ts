/** What came of one HTTP request. A receiver that fails is a value, never an exception. Attempts count from 1. */
export type Outcome = 'delivered' | 'rejected' | 'unreachable' | 'timed_out' | 'blocked';

export interface AttemptOutcome {
  /** delivered: 2xx. rejected: any other status. blocked: an egress rule forbade the address. */
  readonly outcome: Outcome;
  readonly response?: {
    readonly status: number;
    /** Lower-case names; several values joined by a comma. */
    readonly headers: Readonly<Record<string, string>>;
    /** As far as it was read, as text. */
    readonly body: string;
  };
  /** One sentence for people, where there is no response. */
  readonly error?: string;
  /** What Retry-After asked for, in milliseconds from the end of the attempt. */
  readonly retryAfterMs?: number;
  readonly durationMs: number;
  /** Milliseconds by phase: connect (new connections only), first_byte, total. */
  readonly timings: Readonly<Record<string, number>>;
}

/** Statuses that may pass by themselves: 408, 425, 429 and 5xx. */
export const isTransientStatus = (status: number): boolean =>
  status === 408 || status === 425 || status === 429 || status >= 500;
