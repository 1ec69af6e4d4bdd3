import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { problemsOf, textOf } from '../ledger/outcome.ts';
import { killRun, type KillCase } from './faults/kill.ts';
import { openRig, type Rig } from './faults/rig.ts';
import { terminationRun } from './faults/terminations.ts';

const maxInFlight = 512;
const pressure = { mix: { fast: 2, slow: 4 }, events: 60, eventsPerSecond: 4 };
let rig: Rig;

beforeAll(async () => {
  rig = await openRig({ BELLWIRE_MAX_IN_FLIGHT: String(maxInFlight) });
});

afterAll(() => rig.close());

describe('a cluster of which processes end in the middle of its work', () => {
  test.each<KillCase>(['dispatcher', 'all'])(
    'loses nothing, repeats little, and shows every delivery when they are killed (%s)',
    async (killed) => {
      const outcome = await killRun(rig.cluster, killed, { ...pressure, maxInFlight });
      console.log(textOf(outcome));
      expect(problemsOf(outcome)).toEqual([]);
    },
    120_000,
  );

  test('loses nothing and repeats nothing when both dispatchers and ingestion end in order', async () => {
    const names = ['dispatcher-1', 'ingestion', 'dispatcher-2'];
    const outcome = await terminationRun(rig.cluster, { title: 'stops in order', names, ...pressure });
    console.log(textOf(outcome));
    expect(problemsOf(outcome)).toEqual([]);
  }, 120_000);
});
