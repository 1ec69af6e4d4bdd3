import { addCounts, faultKinds, type FaultCounts } from './faults/fault-counts.ts';
import type { SeedResult } from './simulate-seed.ts';

/** What many seeds came to. */
export interface Summary {
  seeds: number;
  failed: { seed: number; rule: string; detail: string }[];
  faults: FaultCounts;
  accepted: number;
  deliveries: number;
  attempts: number;
  steps: number;
  virtualMs: number;
  longestRecoveryMs: number;
}

export const emptySummary = (): Summary => ({
  seeds: 0,
  failed: [],
  faults: {},
  accepted: 0,
  deliveries: 0,
  attempts: 0,
  steps: 0,
  virtualMs: 0,
  longestRecoveryMs: 0,
});

export const addSummary = (sum: Summary, more: Summary): void => {
  sum.seeds += more.seeds;
  sum.failed.push(...more.failed);
  addCounts(sum.faults, more.faults);
  sum.accepted += more.accepted;
  sum.deliveries += more.deliveries;
  sum.attempts += more.attempts;
  sum.steps += more.steps;
  sum.virtualMs += more.virtualMs;
  sum.longestRecoveryMs = Math.max(sum.longestRecoveryMs, more.longestRecoveryMs);
};

export const summaryOf = (result: SeedResult): Summary => ({
  ...result,
  seeds: 1,
  failed: result.violation === undefined ? [] : [{ seed: result.seed, ...result.violation }],
  longestRecoveryMs: result.violation === undefined ? result.recoveryMs : 0,
});

/** How to see the same again. */
export const replayCommand = (seed: number, mutation: string | undefined): string =>
  `npm run simulate -- --seeds 1 --seed ${seed} --verbose${mutation === undefined ? '' : ` --mutation ${mutation}`}`;

export const failureText = (
  { seed, violation }: SeedResult,
  trace: readonly string[],
  mutation: string | undefined,
): string =>
  [
    ...trace,
    '',
    `seed ${seed} breaks "${violation?.rule}": ${violation?.detail}`,
    `replay: ${replayCommand(seed, mutation)}`,
    '',
  ].join('\n');

export const summaryText = (sum: Summary, realMs: number): string => {
  const kinds = faultKinds.filter((kind) => sum.faults[kind] !== undefined);
  const byRule = new Map<string, number[]>();
  for (const { rule, seed } of sum.failed) byRule.set(rule, [...(byRule.get(rule) ?? []), seed]);
  return [
    `${sum.seeds} seeds in ${(realMs / 1000).toFixed(1)} s (${(realMs / sum.seeds).toFixed(0)} ms each), ` +
      `${(sum.virtualMs / 3_600_000).toFixed(1)} virtual hours, ${sum.steps} steps`,
    `${sum.accepted} events accepted, ${sum.deliveries} deliveries, ${sum.attempts} attempts recorded; ` +
      `the slowest recovery took ${(sum.longestRecoveryMs / 1000).toFixed(0)} virtual seconds`,
    `${kinds.length} kinds of fault: ${kinds.map((kind) => `${kind} ${sum.faults[kind] ?? 0}`).join(', ')}`,
    `violations: ${sum.failed.length}`,
    ...[...byRule].map(([rule, seeds]) => `  ${rule}: ${seeds.length} (seeds ${seeds.slice(0, 12).join(', ')})`),
    '',
  ].join('\n');
};
