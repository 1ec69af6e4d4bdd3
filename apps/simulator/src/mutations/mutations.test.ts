import { expect, test } from '@jest/globals';
import { runSimulator } from '../testing/run-simulator.ts';
import { mutations } from './mutations.ts';

test.each(mutations)(
  '$name is caught by seed $caughtBySeed',
  async ({ name, caughtBySeed, breaks }) => {
    expect(caughtBySeed).toBeLessThanOrEqual(200);
    const args = ['--seeds', '1', '--seed', String(caughtBySeed), '--mutation', name];
    const { code, err } = await runSimulator(args);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(`seed ${caughtBySeed} breaks "${breaks}"`) });
  },
  120_000,
);

test('a mutation that is not known is an error', async () => {
  const { code, err } = await runSimulator(['--mutation', 'none']);
  expect(code).toBe(1);
  expect(err).toContain('there is no mutation none');
});
