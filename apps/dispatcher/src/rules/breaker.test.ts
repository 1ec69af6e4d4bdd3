import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  breakerAfter,
  breakerFromRecord,
  breakerToRecord,
  breakerVerdict,
  closedBreaker,
  probeAbandoned,
  probeStarted,
  type BreakerResult,
  type BreakerState,
} from './breaker.ts';

const noJitter = () => 0;

const after = (state: BreakerState, results: readonly BreakerResult['result'][], nowMs: number, stepMs = 0) => {
  let next = state;
  results.forEach((result, index) => {
    const atMs = nowMs + index * stepMs;
    next = breakerAfter(next, { result, startedAtMs: atMs }, atMs, noJitter);
  });
  return next;
};

const times = (count: number, result: BreakerResult['result']) => Array<typeof result>(count).fill(result);
const opened = (nowMs: number) => after(closedBreaker, times(10, 'unreachable'), nowMs);

describe('a breaker', () => {
  test('opens at twenty results of a minute of which half failed, not sooner', () => {
    const mixed = [...times(10, 'success'), ...times(10, 'failure')];
    expect(after(closedBreaker, mixed.slice(0, 19), 0).kind).toBe('closed');
    expect(after(closedBreaker, mixed, 0)).toEqual({ kind: 'open', untilMs: 30_000, openings: 1 });
    expect(after(closedBreaker, [...times(11, 'success'), ...times(10, 'failure')], 0).kind).toBe('closed');
  });

  test('forgets results that are older than a minute', () => {
    const before = after(closedBreaker, times(19, 'failure'), 0);
    expect(after(before, ['failure'], 59_000).kind).toBe('open');
    expect(after(before, ['failure'], 60_000).kind).toBe('closed');
  });

  test('opens at ten unreachable results in a row, whatever time they took', () => {
    expect(after(closedBreaker, times(9, 'unreachable'), 0, 100_000).kind).toBe('closed');
    expect(after(closedBreaker, times(10, 'unreachable'), 0, 100_000).kind).toBe('open');
    const interrupted = [...times(9, 'unreachable'), 'failure' as const, ...times(9, 'unreachable')];
    expect(after(closedBreaker, interrupted, 0, 100_000).kind).toBe('closed');
  });

  test('lets one probe through when its time has passed', () => {
    const open = opened(1000);
    expect(breakerVerdict(open, 30_999)).toEqual({ kind: 'open', untilMs: 31_000 });
    expect(breakerVerdict(open, 31_000)).toEqual({ kind: 'probe' });
    const probing = probeStarted(open, 31_000);
    expect(breakerVerdict(probing, 31_000)).toEqual({ kind: 'open', untilMs: 36_000 });
    expect(breakerVerdict(probeAbandoned(probing), 31_001)).toEqual({ kind: 'probe' });
  });

  test('closes and starts anew with a probe that succeeds', () => {
    const closed = after(probeStarted(opened(0), 40_000), ['success'], 40_000);
    expect(closed).toEqual({ ...closedBreaker, closedAtMs: 40_000 });
    expect(after(closed, times(10, 'unreachable'), 41_000)).toMatchObject({ openings: 1, untilMs: 71_000 });
  });

  test('opens for twice as long with each probe that fails, up to a quarter of an hour', () => {
    let state = opened(0);
    const lengths: number[] = [];
    for (let nowMs = 1e6; nowMs <= 7e6; nowMs += 1e6) {
      state = after(probeStarted(state, nowMs), ['failure'], nowMs);
      if (state.kind === 'open') lengths.push((state.untilMs - nowMs) / 1000);
    }
    expect(lengths).toEqual([60, 120, 240, 480, 900, 900, 900]);
  });

  test('stays open up to a fifth longer by chance', () => {
    const nine = after(closedBreaker, times(9, 'unreachable'), 0);
    const last = { result: 'unreachable', startedAtMs: 0 } as const;
    expect(breakerAfter(nine, last, 0, () => 0.5)).toMatchObject({ untilMs: 33_000 });
  });

  test('heeds no result of a request that started before it opened or closed', () => {
    const open = opened(1000);
    const late = (result: BreakerResult['result'], state: BreakerState) =>
      breakerAfter(state, { result, startedAtMs: 900 }, 35_000, noJitter);
    expect(late('success', open)).toBe(open);
    expect(late('failure', open)).toBe(open);
    const probing = probeStarted(open, 34_000);
    expect(late('success', probing)).toBe(probing);
    expect(late('failure', probing)).toBe(probing);
    const closed = after(probing, ['success'], 34_000);
    expect(late('failure', closed)).toBe(closed);
  });

  test('stays open for no longer than its length where the clock is set back by an hour', () => {
    const backAtMs = 10_000;
    const open = opened(backAtMs + 3_600_000);
    expect(breakerVerdict(open, backAtMs)).toEqual({ kind: 'probe' });
    // The probe counts, and so does what follows it.
    const closed = after(probeStarted(open, backAtMs), ['success'], backAtMs);
    expect(closed.kind).toBe('closed');
    expect(after(closed, times(10, 'unreachable'), backAtMs).kind).toBe('open');
  });

  test('goes on counting where the clock is set back by an hour after it closed', () => {
    const closed = after(probeStarted(opened(3_600_000), 3_700_000), ['success'], 3_700_000);
    const counted = after(closed, times(19, 'failure'), 3_700_000);
    // What was counted lies ahead, and counts no more.
    expect(after(counted, times(19, 'failure'), 5000, 1).kind).toBe('closed');
    expect(after(counted, times(20, 'failure'), 5000, 1).kind).toBe('open');
  });

  test('comes back from its record, a probe under way as one to be made', () => {
    const open = opened(1000);
    expect(breakerFromRecord(breakerToRecord(open))).toEqual(open);
    expect(breakerFromRecord(breakerToRecord(probeStarted(open, 31_000)))).toEqual(open);
    expect(breakerToRecord(closedBreaker)).toEqual({ openUntilMs: 0, openings: 0 });
    expect(breakerFromRecord({ openUntilMs: 0, openings: 0 })).toEqual(closedBreaker);
  });

  test('makes no request while open, one at a time while it probes, and closes only by a success', () => {
    const steps = fc.record({
      gapMs: fc.nat(20_000),
      result: fc.constantFrom('success', 'failure', 'unreachable'),
      tookMs: fc.nat(60_000),
    });
    fc.assert(
      fc.property(
        fc.array(steps, { maxLength: 150 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (script, chance) => {
          let state: BreakerState = closedBreaker;
          let nowMs = 1e6;
          let pending: { atMs: number; startedAtMs: number; result: BreakerResult['result'] }[] = [];
          for (const { gapMs, result, tookMs } of script) {
            nowMs += gapMs;
            for (const { atMs, ...ended } of pending.filter((each) => each.atMs <= nowMs)) {
              const before = state;
              state = breakerAfter(before, ended, atMs, () => chance);
              if (before.kind === 'open') expect(state).toBe(before);
              if (before.kind === 'half_open' && state.kind === 'closed') expect(ended.result).toBe('success');
            }
            pending = pending.filter((each) => each.atMs > nowMs);
            const verdict = breakerVerdict(state, nowMs);
            if (verdict.kind === 'open') expect(verdict.untilMs).toBeGreaterThan(nowMs);
            else pending.push({ atMs: nowMs + tookMs, startedAtMs: nowMs, result });
            if (verdict.kind === 'probe') state = probeStarted(state, nowMs);
            if (state.kind === 'half_open') {
              const { untilMs } = state;
              expect(pending.filter((each) => each.startedAtMs >= untilMs)).toHaveLength(1);
            }
          }
        },
      ),
    );
  });
});
