import { expect, test } from '@jest/globals';
import { runSimulator } from './testing/run-simulator.ts';

/**
 * Seeds that have found something. They draw other faults where the load or the faults have been changed since, so each
 * fault has a test of its own too, at the code that was mended.
 */
const regressions = [
  { seed: 7, found: 'what came back from a tier before we knew that it was written there was settled as a repeat' },
  { seed: 311, found: 'an attempt written late was marked over the one after it' },
  { seed: 1029, found: 'a partition that had come back was handed over as it was before: its commit went back' },
  { seed: 1119, found: 'the state of endpoints was written before that of the owner before had been read' },
];

test.each(regressions)('seed $seed: $found', async ({ seed }) => {
  const { code, err } = await runSimulator(['--seeds', '1', '--seed', String(seed)]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
});
