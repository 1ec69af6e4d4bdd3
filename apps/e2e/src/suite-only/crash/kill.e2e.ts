import { describe, expect, test } from '@jest/globals';
import { killRun } from './kill-run.ts';

describe('a suite that is killed in the middle of its work', () => {
  test('loses nothing, and repeats at most what was in flight', async () => {
    const result = await killRun({ events: 1000, endpoints: 5 });
    console.log(JSON.stringify(result));
    expect(result).toMatchObject({ accepted: 1000, deliveries: 5000, lost: 0 });
    expect(result.duplicates).toBeLessThanOrEqual(result.maxInFlight);
    expect(result.arrivedBeforeKill).toBeLessThan(5000);
  }, 120_000);
});
