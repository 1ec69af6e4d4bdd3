import { fromProto, RetryOn, type RateLimit, type RetryPolicy } from '@bellwire/contracts';
import type { FieldProblem } from '@bellwire/errors';
import { validateEventTypePattern } from '@bellwire/filtering';

const weekSeconds = 604_800;

const between = (path: string, value: number, min: number, max: number): FieldProblem[] =>
  value >= min && value <= max ? [] : [{ path, message: `must be between ${min} and ${max}` }];

export const retryProblems = (retry: RetryPolicy): FieldProblem[] => {
  const { scheduleSeconds, retryOn } = retry;
  const path = 'retry.schedule_seconds';
  const problems = scheduleSeconds.flatMap((seconds, index) =>
    seconds > 0 && seconds <= weekSeconds
      ? []
      : [{ path: `${path}[${index}]`, message: `must be more than 0 and at most ${weekSeconds}` }],
  );
  if (scheduleSeconds.length > 20) problems.push({ path, message: 'must have at most 20 entries' });
  if (retryOn !== RetryOn.UNSPECIFIED && fromProto.retryOn(retryOn) === undefined) {
    problems.push({ path: 'retry.retry_on', message: 'must be any_failure or transient' });
  }
  return problems;
};

/** 0 is the default of the dialect. */
export const timeoutProblems = (timeoutMs: number): FieldProblem[] =>
  timeoutMs === 0 ? [] : between('timeout_ms', timeoutMs, 1000, 60_000);

export const rateLimitProblems = ({ limit, periodSeconds }: RateLimit): FieldProblem[] => [
  ...between('rate_limit.limit', limit, 1, 100_000),
  ...between('rate_limit.period_seconds', periodSeconds, 1, 86_400),
];

/** 0 is the default of the deployment. */
export const concurrencyProblems = (maxConcurrency: number): FieldProblem[] =>
  maxConcurrency === 0 ? [] : between('max_concurrency', maxConcurrency, 1, 1000);

/** 0 is no limit. */
export const hourlyLimitProblems = (hourlyLimit: number): FieldProblem[] =>
  hourlyLimit === 0 ? [] : between('hourly_limit', hourlyLimit, 1, 100_000);

/** As they are kept: in the order of their first mention. */
export const eachOnce = (patterns: readonly string[]): string[] => [...new Set(patterns)];

export const eventTypesProblems = (patterns: readonly string[]): FieldProblem[] => {
  if (patterns.length > 100) return [{ path: 'event_types', message: 'must have at most 100 entries' }];
  return patterns.flatMap((pattern, index) => validateEventTypePattern(pattern, `event_types[${index}]`) ?? []);
};
