import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { problemsOf, textOf } from '../ledger/outcome.ts';
import { openRig, type Rig } from './faults/rig.ts';
import { stormRun } from './faults/storm.ts';
import { writesRun } from './faults/writes.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
});

afterAll(() => rig.close());

describe('a cluster with two dispatchers', () => {
  test('acts on what was written about an endpoint at once, 100 times', async () => {
    const result = await writesRun(rig.cluster, 100);
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

  test('loses nothing and repeats nothing of its queues when a third one joins and leaves', async () => {
    const pressure = { mix: { fast: 2, slow: 4 }, events: 60, eventsPerSecond: 4 };
    const outcome = await stormRun(rig.cluster, { rounds: 1, seconds: 3, ...pressure });
    console.log(textOf(outcome));
    expect(problemsOf(outcome)).toEqual([]);
  }, 120_000);
});
