import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { startExtra } from './extra-process.ts';

export interface ZombieOptions {
  /** How long it is cut off: longer than a session. */
  seconds: number;
  mix: Mix;
  events: number;
  eventsPerSecond: number;
}

const preload = fileURLToPath(new URL('away-from-kafka.ts', import.meta.url));

/** A third dispatcher loses Kafka and keeps its receivers: what it still makes, others make again. */
export const zombieRun = async (cluster: Target, { seconds, ...plan }: ZombieOptions): Promise<Outcome> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwire-zombie-'));
  const file = path.join(folder, 'kafka');
  writeFileSync(file, 'here');
  const third = await startExtra(cluster, 'dispatcher', {
    AWAY_FROM_KAFKA_FILE: file,
    NODE_OPTIONS: `--import=${preload}`,
  });
  try {
    return await playCase(cluster, {
      ids: 'F25',
      title: `one dispatcher without Kafka for ${seconds} s`,
      ...plan,
      fault: async ({ slots }) => {
        const sinceMs = Date.now();
        writeFileSync(file, 'away');
        await sleep(seconds * 1000);
        writeFileSync(file, 'here');
        await sleep(5000);
        return { sinceMs, bound: slots };
      },
    });
  } finally {
    await third.leave();
    rmSync(folder, { recursive: true, force: true });
  }
};
