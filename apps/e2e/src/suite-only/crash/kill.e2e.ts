import { describe, expect, test } from '@jest/globals';
import { problemsOf, textOf } from '../../ledger/outcome.ts';
import { killRun } from './kill-run.ts';

const pressure = { mix: { fast: 2, slow: 4 }, events: 60, eventsPerSecond: 0 };

describe('a suite that ends in the middle of its work', () => {
  test('loses nothing when it is killed, and repeats at most what was in flight', async () => {
    const outcome = await killRun({ title: 'suite killed', signal: 'SIGKILL', times: 1, ...pressure });
    console.log(textOf(outcome));
    expect(outcome).toMatchObject({ accepted: 60, deliveries: 360 });
    expect(problemsOf(outcome)).toEqual([]);
  }, 120_000);

  test('loses nothing and repeats nothing when it ends in order', async () => {
    const outcome = await killRun({ title: 'suite ended in order', signal: 'SIGTERM', times: 2, ...pressure });
    console.log(textOf(outcome));
    expect(outcome).toMatchObject({ accepted: 60, deliveries: 360 });
    expect(problemsOf(outcome)).toEqual([]);
  }, 120_000);
});
