import { fromProto, toProto, type RetryPolicy } from '@bellwire/contracts';

/** A schedule as a column has it. */
export interface StoredRetry {
  scheduleSeconds: number[];
  retryOn: 'any_failure' | 'transient';
}

export const retryOfColumn = (stored: StoredRetry | null): RetryPolicy | undefined =>
  stored === null ? undefined : { ...stored, retryOn: toProto.retryOn[stored.retryOn] };

export const retryColumn = (retry: RetryPolicy | undefined): string | null => {
  if (retry === undefined) return null;
  const stored: StoredRetry = {
    scheduleSeconds: retry.scheduleSeconds,
    retryOn: fromProto.retryOn(retry.retryOn) ?? 'any_failure',
  };
  return JSON.stringify(stored);
};
