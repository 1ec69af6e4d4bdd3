import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import type { Run } from '../../ledger/run.ts';
import { shakyWaitMs } from '../../ledger/speeds.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { startExtra } from './extra-process.ts';

export interface ClockOptions {
  /** How long each step lasts. */
  seconds: number;
  mix: Mix;
  events: number;
  eventsPerSecond: number;
}

const minuteMs = 60_000;
/** What the clock of one dispatcher is off by, one after the other: the last but one is a step back by more than an hour. */
const stepsMs = [10 * minuteMs, -10 * minuteMs, 50 * minuteMs, -60 * minuteMs, 0];

const preload = fileURLToPath(new URL('clock-offset.ts', import.meta.url));

/** How long the second request of each event of a shaky endpoint came after the first, in milliseconds, sorted. */
const retryWaits = ({ receipts, endpoints }: Run): readonly number[] => {
  const firsts = new Map<string, number>();
  const waits: number[] = [];
  for (const { endpoint, eventId, atMs, status } of receipts.all) {
    if (endpoints[endpoint]?.speed !== 'shaky') continue;
    const key = `${endpoint} ${eventId}`;
    const first = firsts.get(key);
    if (first !== undefined) waits.push(atMs - first);
    else if (status !== 200) firsts.set(key, atMs);
  }
  return waits.toSorted((a, b) => a - b);
};

/** A retry is looked at when it is due, and again after the length of its tier; the rest is what a queue may add. */
const mostLateMs = 2 * shakyWaitMs + 15_000;

/** A third dispatcher, whose clock is set forth and back while it works. */
export const clockRun = async (cluster: Target, { seconds, ...plan }: ClockOptions): Promise<Outcome> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwire-clock-'));
  const file = path.join(folder, 'offset');
  writeFileSync(file, '0');
  const third = await startExtra(cluster, 'dispatcher', {
    CLOCK_OFFSET_FILE: file,
    NODE_OPTIONS: `--import=${preload}`,
  });
  let played: Run | undefined;
  try {
    const outcome = await playCase(cluster, {
      ids: 'F16',
      title: 'clock steps',
      ...plan,
      fault: async (run) => {
        played = run;
        const sinceMs = Date.now();
        for (const offsetMs of stepsMs) {
          writeFileSync(file, String(offsetMs));
          await sleep(seconds * 1000);
        }
        return { sinceMs, bound: 0, isSkewed: true };
      },
    });
    const waits = played === undefined ? [] : retryWaits(played);
    const [earliest = NaN, latest = NaN] = [waits[0], waits.at(-1)];
    return {
      ...outcome,
      figures: { ...outcome.figures, retries: waits.length, earliestRetryMs: earliest, latestRetryMs: latest },
      problems: [
        ...outcome.problems,
        ...(outcome.findings.skewed.length === 0 ? ['no request carried another time: the clock was not set'] : []),
        ...(waits.length === 0 ? ['nothing was retried'] : []),
        ...(latest > mostLateMs ? [`a retry came after ${latest} ms`] : []),
      ],
    };
  } finally {
    await third.leave();
    rmSync(folder, { recursive: true, force: true });
  }
};
