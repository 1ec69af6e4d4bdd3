// How fast the product is on this machine, and at what cost: npm run bench.
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { z } from 'zod';
import { help, readOptions, type BenchOptions } from './options.ts';
import type { Budget } from './profile/budget.ts';
import { profileScenario } from './profile/profile-run.ts';
import { budgetReport } from './report/budget-report.ts';
import { findingLines, runReport, summary } from './report/run-report.ts';
import { slowNeighbourFindings } from './scenarios/findings.ts';
import type { RunResult } from './scenarios/results.ts';
import { runScenario, type ScenarioOptions } from './scenarios/run-scenario.ts';

const optionsOrExit = (): BenchOptions => {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== undefined) return options;
    process.stdout.write(help);
    process.exit(0);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const sentence = error instanceof z.ZodError ? z.prettifyError(error) : message;
    process.stderr.write(`${sentence}\nnpm run bench -- --help says what there is.\n`);
    process.exit(2);
  }
};

/** Every run of every scenario and way of publishing, those of one scenario side by side in time. */
const plan = ({ scenarios, publish, runs, ...options }: BenchOptions): ScenarioOptions[] =>
  scenarios.flatMap((scenario) =>
    Array.from({ length: runs }, (_, index) => index + 1).flatMap((run) =>
      publish.map((way) => ({ ...options, env: {}, run, scenario, publish: way })),
    ),
  );

const options = optionsOrExit();
const results: RunResult[] = [];
const budgets: Budget[] = [];
let isInterrupted = false;
process.once('SIGINT', () => {
  isInterrupted = true;
  process.stderr.write('Stopping after this load.\n');
});

for (const each of plan(options)) {
  if (isInterrupted) break;
  if (options.profile) {
    const profiled = await profileScenario(each, options.keepProfiles);
    process.stdout.write(runReport(profiled.result));
    for (const budget of profiled.budgets) process.stdout.write(`${budgetReport(budget)}\n`);
    results.push(profiled.result);
    budgets.push(...profiled.budgets);
  } else {
    const result = await runScenario(each);
    process.stdout.write(`${runReport(result)}\n`);
    results.push(result);
  }
}

process.stdout.write(`${summary(results)}\n`);
const slowNeighbour = slowNeighbourFindings(results);
if (slowNeighbour.length > 0) process.stdout.write(`\n${findingLines(slowNeighbour).join('\n')}\n`);
if (options.json !== undefined) {
  const machine = { cpus: os.cpus().map(({ model }) => model), memory: os.totalmem(), node: process.version };
  writeFileSync(
    options.json,
    `${JSON.stringify({ machine, at: new Date().toISOString(), results, budgets }, undefined, 2)}\n`,
  );
}
const lost = results.flatMap(({ loads }) => loads).reduce((sum, load) => sum + load.lost, 0);
const findings = [...slowNeighbour, ...results.flatMap((result) => result.findings)];
process.exit(lost === 0 && findings.every(({ isKept }) => isKept !== false) ? 0 : 1);
