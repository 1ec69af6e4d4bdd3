import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { killCase, type KillCase } from './faults/kill.ts';
import { openRig, type Rig } from './faults/rig.ts';

const options = { events: 500, endpoints: 5, maxInFlight: 512, sample: 20 };
let rig: Rig;

beforeAll(async () => {
  rig = await openRig({ BELLWIRE_MAX_IN_FLIGHT: String(options.maxInFlight) });
});

afterAll(() => rig.close());

describe('a cluster of which processes are killed in the middle of its work', () => {
  test.each<KillCase>(['dispatcher', 'all'])(
    'loses nothing, repeats little, and shows every delivery (%s)',
    async (killed) => {
      const result = await killCase(rig, killed, options);
      console.log(JSON.stringify(result));
      expect(result).toMatchObject({ accepted: 500, deliveries: 2500, lost: 0, auditMissing: 0 });
      expect(result.duplicates).toBeLessThanOrEqual(result.bound);
      expect(result.arrivedBeforeKill).toBeLessThan(2500);
    },
    120_000,
  );
});
