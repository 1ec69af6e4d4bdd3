import { describe, expect, test } from '@jest/globals';
import { runSimulator } from './testing/run-simulator.ts';

/** Of the short form: `npm run simulate -- --minutes 10` runs thousands. */
const seeds = 30;

describe('the simulator', () => {
  test('finds nothing broken', async () => {
    const { code, out, err } = await runSimulator(['--seeds', String(seeds), '--jobs', '2']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('violations: 0');
    const [, kinds] = /(\d+) kinds of fault/.exec(out) ?? [];
    expect(Number(kinds)).toBeGreaterThanOrEqual(40);
  }, 300_000);

  test('runs a seed the same way each time', async () => {
    const run = () => runSimulator(['--seeds', '1', '--seed', '7', '--verbose']);
    const [first, second] = await Promise.all([run(), run()]);
    const linesOf = ({ out }: { out: string }) => out.split('\n').filter((line) => !line.startsWith('1 seeds in'));
    expect(linesOf(first).length).toBeGreaterThan(100);
    expect(linesOf(first)).toEqual(linesOf(second));
  });

  test('says how to replay a seed that fails, and what came before', async () => {
    const { code, err } = await runSimulator([
      '--seeds',
      '20',
      '--jobs',
      '1',
      '--mutation',
      'stale_is_settled',
      '--lines',
      '5',
    ]);
    expect(code).toBe(1);
    expect(err).toMatch(
      /^( .+\n){5}\nseed \d+ breaks "\w+": .+\nreplay: npm run simulate -- --seeds 1 --seed \d+ --verbose --mutation stale_is_settled\n/,
    );
  });
});
