import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runScenario, type ScenarioOptions } from '../scenarios/run-scenario.ts';
import type { RunResult } from '../scenarios/results.ts';
import { budgetOf, type Budget } from './budget.ts';
import { readCpuProfile } from './cpu-profile.ts';

/** CPU.<date>.<time>.<pid>.<thread>.<sequence>.cpuprofile */
const pidOf = (file: string): number => Number(file.split('.')[3]);

/**
 * One scenario with V8's sampling profiler in every process of the product, which slows it by some percent: its rates
 * are no measurement. The profiles are written when the processes end.
 *
 * @param keptIn a folder that keeps the .cpuprofile files, for Chrome's developer tools
 */
export const profileScenario = async (
  options: ScenarioOptions,
  keptIn?: string,
): Promise<{ result: RunResult; budgets: Budget[] }> => {
  const folder = path.resolve(keptIn ?? mkdtempSync(path.join(os.tmpdir(), 'bellwire-profile-')));
  mkdirSync(folder, { recursive: true });
  let named: ReadonlyMap<number, string> = new Map();
  try {
    const result = await runScenario({
      ...options,
      env: { ...options.env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` },
      onProcesses: (processes) => (named = processes),
    });
    const [load] = result.loads;
    if (load === undefined) throw new Error('nothing was measured');
    const budgets = readdirSync(folder)
      .filter((file) => file.endsWith('.cpuprofile') && named.has(pidOf(file)))
      .map((file) => {
        const frames = readCpuProfile(path.join(folder, file), load.window);
        return budgetOf(named.get(pidOf(file)) ?? file, frames, load.deliveries);
      });
    return { result, budgets };
  } finally {
    if (keptIn === undefined) rmSync(folder, { recursive: true, force: true });
  }
};
