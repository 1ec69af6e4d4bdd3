import { type AttemptOutcome, isTransientStatus } from './attempt.ts';
import type { Random } from './clock.ts';

export type RetryOn = 'any_failure' | 'transient';

export interface RetryPolicy {
  /** Wait before the second, third, ... attempt of a round, in seconds. */
  readonly scheduleSeconds: readonly number[];
  readonly retryOn: RetryOn;
  /** Statuses that `transient` retries elsewhere and this policy does not. @default none */
  readonly finalStatuses?: readonly number[];
  /** Up to this share is added to each wait by chance: 0.2 in the default schedule of the standard dialect, else 0. */
  readonly jitter: number;
}

/** Where a delivery stands when an attempt has ended. */
export interface RoundPosition {
  /** Number of the attempt that ended. */
  readonly attempt: number;
  readonly roundFirstAttempt: number;
  readonly deadlineAtMs: number;
}

export type NextState =
  | { readonly status: 'delivered'; readonly reason: '' }
  | { readonly status: 'retrying'; readonly reason: 'retry' | 'retry_after'; readonly dueAtMs: number }
  | {
      readonly status: 'dead_lettered';
      readonly reason: 'attempts_exhausted' | 'not_retryable' | 'deadline' | 'endpoint_gone';
    };

const isRetryable = (result: AttemptOutcome, { retryOn, finalStatuses = [] }: RetryPolicy): boolean => {
  if (retryOn === 'any_failure') return true;
  if (result.outcome === 'rejected') {
    const status = result.response?.status ?? 0;
    return isTransientStatus(status) && !finalStatuses.includes(status);
  }
  return result.outcome === 'timed_out' || result.outcome === 'unreachable';
};

/**
 * What becomes of a delivery after an attempt. Pure. A retry is never due before its schedule says, and later where the
 * receiver asked for it with Retry-After (RFC 9110, section 10.2.3); 410 means that the endpoint is gone for good.
 */
export const nextState = (
  position: RoundPosition,
  result: AttemptOutcome,
  policy: RetryPolicy,
  nowMs: number,
  random: Random,
): NextState => {
  if (result.outcome === 'delivered') return { status: 'delivered', reason: '' };
  if (result.response?.status === 410) return { status: 'dead_lettered', reason: 'endpoint_gone' };
  if (!isRetryable(result, policy)) return { status: 'dead_lettered', reason: 'not_retryable' };
  const waitSeconds = policy.scheduleSeconds[position.attempt - position.roundFirstAttempt];
  if (waitSeconds === undefined) return { status: 'dead_lettered', reason: 'attempts_exhausted' };
  const scheduledMs = Math.round(waitSeconds * 1000 * (1 + policy.jitter * random()));
  const scheduledAtMs = nowMs + scheduledMs;
  if (scheduledAtMs > position.deadlineAtMs) return { status: 'dead_lettered', reason: 'deadline' };
  // A receiver may ask for any time, and is given what there is: a last attempt at the deadline.
  const askedAtMs = Math.min(nowMs + (result.retryAfterMs ?? 0), position.deadlineAtMs);
  const dueAtMs = Math.max(scheduledAtMs, askedAtMs);
  return { status: 'retrying', reason: dueAtMs > scheduledAtMs ? 'retry_after' : 'retry', dueAtMs };
};

const dayMs = 24 * 60 * 60 * 1000;

/** Deadline of a round: the sum of its schedule plus a day, at most `maxMs` (7 days by default) after it began. */
export const deadlineOf = (startedAtMs: number, policy: RetryPolicy, maxMs: number = 7 * dayMs): number => {
  const scheduleMs = policy.scheduleSeconds.reduce((sum, seconds) => sum + seconds * 1000, 0) * (1 + policy.jitter);
  return startedAtMs + Math.min(Math.round(scheduleMs) + dayMs, maxMs);
};
