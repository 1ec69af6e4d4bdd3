import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { joinRun } from './faults/join.ts';
import { openRig, type Rig } from './faults/rig.ts';
import { writesRun } from './faults/writes.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig({ BELLWIRE_REQUESTS_PER_MINUTE: '1000000' });
});

afterAll(() => rig.close());

describe('a cluster with two dispatchers', () => {
  test('acts on what was written about an endpoint at once, 100 times', async () => {
    const result = await writesRun(rig, 100);
    console.log(JSON.stringify(result));
    expect(result).toMatchObject({
      rounds: 100,
      missedAfterCreate: 0,
      missedAfterRotate: 0,
      wrongSecret: 0,
      sentAfterDisable: 0,
      sentAfterDelete: 0,
    });
  }, 120_000);

  test('loses nothing and does not stall when a third one joins and leaves', async () => {
    const run = await rig.newRun(5);
    const result = await joinRun(rig, run, { rounds: 2, eventsPerSecond: 50 });
    run.close();
    console.log(JSON.stringify(result));
    expect(result).toMatchObject({ lost: 0, badExits: 0 });
    expect(result.longestGapMs).toBeLessThanOrEqual(5000);
  }, 120_000);
});
