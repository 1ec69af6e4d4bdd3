import { describe, expect, test } from '@jest/globals';
import { outageFindings } from './findings.ts';
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
