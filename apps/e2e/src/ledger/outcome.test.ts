import { describe, expect, test } from '@jest/globals';
import type { Findings } from './compare.ts';
import { problemsOf, tableOf, textOf, type Outcome } from './outcome.ts';
import { longestStall } from './stalls.ts';

const nothing: Findings = {
  lost: [],
  unended: [],
  silent: [],
  phantom: [],
  unlogged: [],
  duplicates: [],
  late: [],
  twins: [],
  mismatched: [],
  badSignatures: [],
  skewed: [],
  undelivered: [],
};
const fine: Outcome = {
  ids: 'F02',
  title: 'kill dispatcher',
  accepted: 10,
  deliveries: 20,
  findings: nothing,
  bound: 2,
  recoveryMs: 1500,
  totalMs: 9000,
  figures: { failed: 'none' },
  problems: [],
};
const withFindings = (findings: Partial<Findings>): Outcome => ({ ...fine, findings: { ...nothing, ...findings } });

describe('an outcome', () => {
  test('without findings has no problems', () => {
    expect(problemsOf(fine)).toEqual([]);
    expect(textOf(fine)).toMatch(
      /^ok {3}F02 kill dispatcher: accepted 10, deliveries 20, lost 0, .*failed none, totalMs 9000$/,
    );
  });

  test.each(['lost', 'unended', 'silent', 'phantom', 'twins', 'mismatched', 'badSignatures', 'undelivered', 'skewed'])(
    'may not have one that is %s',
    (kind) => {
      const outcome = withFindings({ [kind]: ['endpoint 1 event evt_1'] });
      expect(problemsOf(outcome)).toEqual([`${kind} 1`]);
      expect(textOf(outcome)).toContain(`       ${kind}: endpoint 1 event evt_1`);
      expect(textOf(outcome)).toMatch(/^FAIL/);
    },
  );

  test.each(['duplicates', 'unlogged'])('may have as many %s as its bound says', (kind) => {
    expect(problemsOf(withFindings({ [kind]: ['a', 'b'] }))).toEqual([]);
    expect(problemsOf(withFindings({ [kind]: ['a', 'b', 'c'] }))).toEqual([`${kind} 3 of 2 at most`]);
  });

  test('may carry another time where a clock was set', () => {
    expect(problemsOf({ ...withFindings({ skewed: ['a'] }), isSkewed: true })).toEqual([]);
  });

  test('is a row of the table, and what the case says is a problem of its own', () => {
    const failed = { ...withFindings({ lost: ['a'] }), title: 'other', problems: ['it ended with 1'] };
    const lines = tableOf([fine, failed], [['F17', 'full disk', 'not run']]).split('\n');
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['id', 'case', 'deliveries', 'lost', 'phantom', 'unended', 'duplicates/bound', 'recovery', 'as promised'],
      ['F02', 'kill dispatcher', '20', '0', '0', '0', '0/2', '1.5 s', 'yes'],
      ['F02', 'other', '20', '1', '0', '0', '0/2', '1.5 s', 'NO'],
      ['F17', 'full disk', 'not run'],
    ]);
    expect(problemsOf(failed)).toEqual(['lost 1', 'it ended with 1']);
  });
});

test('the longest stall is that of one endpoint, counted from the fault on', () => {
  const at = (endpoint: number, atMs: number) => ({
    endpoint,
    atMs,
    eventId: '',
    bodyHash: '',
    dataHash: '',
    signature: 'good' as const,
    status: 200,
  });
  const all = [at(0, 100), at(1, 100), at(0, 1100), at(1, 1400), at(0, 1500), at(2, 9000)];
  expect(longestStall({ all }, { fromMs: 1000, endpoints: new Set([0, 1]) })).toBe(400);
  expect(longestStall({ all }, { fromMs: 0, endpoints: new Set([0]) })).toBe(1000);
});
