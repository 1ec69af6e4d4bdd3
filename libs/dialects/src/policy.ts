import type { RetryOn, RetryPolicy } from '@bellwire/domain';
import type { Dialect } from './dialect.ts';

/** A schedule that somebody gave to an endpoint. */
export interface EndpointRetry {
  /** Empty: one attempt. */
  readonly scheduleSeconds: readonly number[];
  /** @default what the dialect retries */
  readonly retryOn?: RetryOn | undefined;
}

/** The policy of an endpoint's deliveries. A schedule that somebody wrote down is kept to the second: no jitter. */
export const resolvePolicy = (dialect: Dialect, endpointRetry: EndpointRetry | undefined): RetryPolicy =>
  endpointRetry === undefined
    ? dialect.retry
    : {
        ...dialect.retry,
        scheduleSeconds: endpointRetry.scheduleSeconds,
        retryOn: endpointRetry.retryOn ?? dialect.retry.retryOn,
        jitter: 0,
      };
