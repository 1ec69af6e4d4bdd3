import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AttemptOutcome } from './attempt.ts';
import { deadlineOf, nextState, type RetryPolicy, type RoundPosition } from './retry-policy.ts';

const now = 1_700_000_000_000;
const policy: RetryPolicy = { scheduleSeconds: [1, 5, 15], retryOn: 'any_failure', jitter: 0 };
const first: RoundPosition = { attempt: 1, roundFirstAttempt: 1, deadlineAtMs: now + 86_400_000 };
const took = { durationMs: 5, timings: {} };
const answered = (status: number, retryAfterMs?: number): AttemptOutcome => ({
  outcome: status >= 200 && status < 300 ? 'delivered' : 'rejected',
  response: { status, headers: {}, body: '' },
  retryAfterMs,
  ...took,
});
const unreachable: AttemptOutcome = { outcome: 'unreachable', error: 'connection refused', ...took };
const next = (result: AttemptOutcome, position = first, by = policy) => nextState(position, result, by, now, () => 0.5);

describe('the next state of a delivery', () => {
  test('is delivered after a 2xx', () => {
    expect(next(answered(204))).toEqual({ status: 'delivered', reason: '' });
  });

  test.each([
    [1, 1000],
    [2, 5000],
    [3, 15_000],
  ])('after attempt %i of a 1, 5, 15 s schedule is a retry %i ms later', (attempt, waitMs) => {
    const state = next(answered(500), { ...first, attempt });
    expect(state).toEqual({ status: 'retrying', reason: 'retry', dueAtMs: now + waitMs });
  });

  test('is a dead letter when the schedule is used up', () => {
    expect(next(answered(500), { ...first, attempt: 4 })).toMatchObject({ reason: 'attempts_exhausted' });
  });

  test('begins the schedule anew in a new round', () => {
    const state = next(answered(500), { ...first, attempt: 5, roundFirstAttempt: 5 });
    expect(state).toMatchObject({ status: 'retrying', dueAtMs: now + 1000 });
  });

  test.each([400, 401, 404, 422])('with retry_on transient does not retry a %i', (status) => {
    const transient = { ...policy, retryOn: 'transient' } as const;
    expect(next(answered(status), first, transient)).toMatchObject({ reason: 'not_retryable' });
    expect(next(answered(status))).toMatchObject({ status: 'retrying' });
  });

  test.each([408, 425, 429, 500, 503])('with retry_on transient retries a %i', (status) => {
    expect(next(answered(status), first, { ...policy, retryOn: 'transient' })).toMatchObject({ status: 'retrying' });
  });

  test('with retry_on transient does not retry a status that the policy calls final', () => {
    const transient = { ...policy, retryOn: 'transient', finalStatuses: [408] } as const;
    expect(next(answered(408), first, transient)).toMatchObject({ reason: 'not_retryable' });
    expect(next(answered(425), first, transient)).toMatchObject({ status: 'retrying' });
    expect(next(answered(408), first, { ...transient, retryOn: 'any_failure' })).toMatchObject({ status: 'retrying' });
  });

  test('with retry_on transient retries a network error and a time-out, not a blocked address', () => {
    const transient = { ...policy, retryOn: 'transient' } as const;
    expect(next(unreachable, first, transient)).toMatchObject({ status: 'retrying' });
    expect(next({ ...unreachable, outcome: 'timed_out' }, first, transient)).toMatchObject({ status: 'retrying' });
    expect(next({ ...unreachable, outcome: 'blocked' }, first, transient)).toMatchObject({ reason: 'not_retryable' });
  });

  test('waits as long as Retry-After asks, and never less than the schedule', () => {
    expect(next(answered(429, 4000))).toEqual({ status: 'retrying', reason: 'retry_after', dueAtMs: now + 4000 });
    expect(next(answered(429, 200))).toEqual({ status: 'retrying', reason: 'retry', dueAtMs: now + 1000 });
  });

  test('is a dead letter when the retry would come after the deadline', () => {
    const late = { ...first, deadlineAtMs: now + 999 };
    expect(next(answered(503), late)).toEqual({ status: 'dead_lettered', reason: 'deadline' });
  });

  test('waits until the deadline at most, however long Retry-After asks', () => {
    const dueAtMs = first.deadlineAtMs;
    expect(next(answered(503, 9_000_000_000))).toEqual({ status: 'retrying', reason: 'retry_after', dueAtMs });
  });

  test('is a dead letter at once when the endpoint is gone', () => {
    expect(next(answered(410))).toEqual({ status: 'dead_lettered', reason: 'endpoint_gone' });
  });

  test('adds jitter and never takes any away', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), (chance) => {
        const state = nextState(first, answered(500), { ...policy, jitter: 0.2 }, now, () => chance);
        const dueAtMs = state.status === 'retrying' ? state.dueAtMs : 0;
        return dueAtMs >= now + 1000 && dueAtMs <= now + 1200;
      }),
    );
  });
});

describe('the deadline of a round', () => {
  test('is its schedule and a day', () => {
    expect(deadlineOf(now, policy)).toBe(now + 21_000 + 86_400_000);
  });

  test('is at most seven days', () => {
    expect(deadlineOf(now, { ...policy, scheduleSeconds: [604_800] })).toBe(now + 7 * 86_400_000);
  });
});
