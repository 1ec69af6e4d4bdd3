import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import type { Mix } from '../../ledger/speeds.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../../target/start-target.ts';

export interface KillRunOptions {
  title: string;
  /** SIGKILL, as a crash has it, or SIGTERM, as a deployment has it. */
  signal: 'SIGKILL' | 'SIGTERM';
  /** How often in a row. */
  times: number;
  mix: Mix;
  events: number;
  eventsPerSecond: number;
}

const maxInFlight = 512;

const portsOf = (suite: Target): Record<string, string> =>
  Object.fromEntries(
    [['HTTP', suite.rest] as const, ...Object.entries(suite.grpc)].map(([name, address]) => [
      `BELLWIRE_${name.toUpperCase()}_PORT`,
      address.split(':').at(-1) ?? '',
    ]),
  );

/** Ends the suite in the middle of its work and starts it again on the same data, so many times. */
export const killRun = async ({ signal, times, ...plan }: KillRunOptions): Promise<Outcome> => {
  const dataDir = newDataDir();
  const env = { BELLWIRE_MAX_IN_FLIGHT: String(maxInFlight), BELLWIRE_REQUESTS_PER_MINUTE: '1000000' };
  let suite = await startTarget({ kind: 'suite', dataDir, env });
  const ports = portsOf(suite);
  try {
    return await playCase(suite, {
      ids: signal === 'SIGKILL' ? 'F06' : 'F23',
      ...plan,
      fault: async () => {
        const sinceMs = Date.now();
        const codes: (number | null)[] = [];
        const readyAfterMs: number[] = [];
        for (let n = 0; n < times; n++) {
          codes.push(await suite.kill(signal));
          suite = await startTarget({ kind: 'suite', dataDir, env: { ...env, ...ports } });
          readyAfterMs.push(Math.round(suite.readyAfterMs));
        }
        return {
          sinceMs,
          bound: signal === 'SIGKILL' ? times * maxInFlight : 0,
          figures: { times, readyAfterMs: Math.max(...readyAfterMs) },
          problems:
            signal === 'SIGTERM' && codes.some((code) => code !== 0) ? [`it ended with ${codes.join(', ')}`] : [],
        };
      },
    });
  } finally {
    await suite.kill('SIGTERM');
    removeDataDir(dataDir);
  }
};
