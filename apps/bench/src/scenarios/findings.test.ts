import { describe, expect, test } from '@jest/globals';
import type { BurstResult } from './burst.ts';
import { burstFindings, outageFindings } from './findings.ts';
import type { OutageResult } from './outage.ts';

const phase = (title: string, p99: number) => ({
  title,
  events: 100,
  latencyMs: { p50: 1, p95: 2, p99 },
  lost: 0,
  duplicates: 0,
});
const outage = (fields: Partial<OutageResult> = {}): OutageResult => ({
  downSeconds: 120,
  backlog: 10_000,
  phases: { before: phase('before', 10), during: phase('while it is down', 19), after: phase('after', 20) },
  mostAtOnce: 20,
  maxConcurrency: 20,
  lost: 0,
  duplicates: 0,
  firstAfterMs: 100,
  drainedAfterMs: 30_000,
  longestStallMs: 900,
  machine: { loadAverage: 1, otherCores: 0, stolenCores: 0 },
  ...fields,
});
const broken = (result: OutageResult): string[] =>
  outageFindings(result)
    .filter(({ isKept }) => isKept === false)
    .map(({ sentence }) => sentence.split(' ').slice(0, 2).join(' '));

describe('of an outage', () => {
  test('everything was as promised where nothing went beyond it', () => {
    expect(broken(outage())).toEqual([]);
  });

  test('too many requests at once, a loss, a stall and slow others are each found', () => {
    expect(broken(outage({ mostAtOnce: 21 }))).toEqual(['21 requests']);
    expect(broken(outage({ lost: 1 }))).toEqual(['of 10000']);
    expect(broken(outage({ longestStallMs: 6000 }))).toEqual(['longest stall']);
    const phases = { ...outage().phases, after: phase('after', 21) };
    expect(broken(outage({ phases }))).toEqual(['others after:']);
  });
});

describe('of a burst', () => {
  const beside = (p99: number, lost = 0) => ({
    events: 100,
    latencyMs: { p50: 1, p95: 2, p99 },
    longestMs: p99,
    lost,
    duplicates: 0,
  });
  const burst = (fields: Partial<BurstResult>): BurstResult => ({
    title: 'beside a burst',
    beside: beside(60),
    whileAccepted: beside(60),
    acceptedAfterMs: 4000,
    events: 12_000,
    lost: 0,
    duplicates: 0,
    mostAtOnce: 64,
    drainedAfterMs: 38_000,
    idealMs: 37_500,
    ...fields,
  });
  const kept = (fields: Partial<BurstResult>): boolean[] => {
    const { machine } = outage();
    return burstFindings({ alone: beside(10), bursts: [burst(fields)], machine }).map(({ isKept }) => isKept === true);
  };

  test('50 ms more are as promised, and so is half as much again; more is found, and so is a loss on either side', () => {
    expect(kept({})).toEqual([true, true, true]);
    expect(kept({ beside: beside(61) })).toEqual([false, true, true]);
    expect(kept({ beside: beside(60, 1) })).toEqual([true, false, true]);
    expect(kept({ lost: 1 })).toEqual([true, true, false]);
  });
});
