import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { BellwireError } from './bellwire-error.ts';

const firstWaitMs = 100;
const maxWaitMs = 5000;

/** Wait before the given retry, from 1: doubled each time, by chance down to half, and no less than the service asked for. */
export const waitBefore = (retry: number, error: BellwireError): number => {
  const waitMs = Math.min(maxWaitMs, firstWaitMs * 2 ** (retry - 1)) * (0.5 + Math.random() / 2);
  return Math.max(waitMs, error.retryAfterMs ?? 0);
};

const unavailable: number = status.UNAVAILABLE;

export const isUnavailable = ({ code }: BellwireError): boolean => code === unavailable;

const deadlineExceeded: number = status.DEADLINE_EXCEEDED;

const isCutShort = (error: unknown): boolean => error instanceof BellwireError && error.code === deadlineExceeded;

/** Whether the same event may be sent again: it did not happen, or it is safe that it happens twice. */
export const mayRetry = (error: unknown, isKeyed: boolean): error is BellwireError =>
  isKeyed && error instanceof BellwireError && isUnavailable(error);

/**
 * Tries until it succeeds, fails for good, or the time is over; then throws the last error. Where the time cut an attempt
 * short, that is the one of the attempt before: it says why there was no answer in time.
 *
 * @param attempt one call, within the time that remains
 */
export const withRetries = async <Result>(
  attempt: (remainingMs: number) => Promise<Result>,
  { isKeyed, timeoutMs }: { isKeyed: boolean; timeoutMs: number },
): Promise<Result> => {
  const endsAt = performance.now() + timeoutMs;
  let before: BellwireError | undefined;
  for (let retry = 1; ; retry++) {
    try {
      return await attempt(Math.max(1, endsAt - performance.now()));
    } catch (error) {
      if (before !== undefined && isCutShort(error)) throw before;
      if (!mayRetry(error, isKeyed)) throw error;
      before = error;
      const waitMs = waitBefore(retry, error);
      if (performance.now() + waitMs >= endsAt) throw error;
      await delay(waitMs);
    }
  }
};
