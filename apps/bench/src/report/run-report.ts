import type { BurstPhase, BurstsResult } from '../scenarios/burst.ts';
import type { OutagePhase, OutageResult } from '../scenarios/outage.ts';
import type { Finding, LoadResult, MachineUse, RunResult } from '../scenarios/results.ts';
import { medianOf, type Quantiles } from '../statistics.ts';
import { figure, percent, tableOf } from './table.ts';

const quantiles = ({ p50, p95, p99 }: Quantiles): string => [p50, p95, p99].map(figure).join(' / ');

const costsOf = (load: LoadResult): string =>
  Object.entries(load.costs)
    .map(([name, { cpuPerThousand }]) => `${name} ${figure(cpuPerThousand)}`)
    .join(', ');

const databasesOf = (load: LoadResult): string =>
  Object.entries(load.databases)
    .map(([name, cpuPerThousand]) => `${name} ${figure(cpuPerThousand)}`)
    .join(', ');

const memoryOf = (load: LoadResult): string =>
  Object.entries(load.costs)
    .map(([name, { peakMebibytes }]) => `${name} ${Math.round(peakMebibytes)}`)
    .join(', ');

const machineLine = ({ loadAverage, otherCores, stolenCores }: MachineUse): string =>
  `    machine              load average ${figure(loadAverage)}, cores used by others ${figure(otherCores)}, stolen ${figure(stolenCores)}`;

const linesOf = (load: LoadResult): string[] => [
  `  ${load.title}`,
  `    deliveries/s         ${figure(load.deliveriesPerSecond)}   (${load.deliveries} of ${load.events} events)`,
  `    accepted/s           ${figure(load.acceptedPerSecond)}   (refused ${load.refused}${load.failures.length > 0 ? `: ${load.failures.join('; ')}` : ''})`,
  `    publish to arrival   ${quantiles(load.latencyMs)} ms (p50 / p95 / p99); to the answer ${quantiles(load.answerMs)} ms`,
  `    CPU s per 1,000      ${figure(load.cpuPerThousand)}: ${costsOf(load)}   (apart: generator ${figure(load.generatorCpuPerThousand)}, receiver ${figure(load.receiverCpuPerThousand)})`,
  `      of postgres        ${databasesOf(load)}`,
  `    peak MiB             ${memoryOf(load)}`,
  `    lost ${load.lost}, duplicates ${load.duplicates}; signatures: ${load.signaturesVerified} verified, ${load.signaturesWrong} wrong`,
  machineLine(load.machine),
];

const phaseLine = ({ title, events, latencyMs, lost, duplicates }: OutagePhase): string =>
  `    ${title.padEnd(20)} ${quantiles(latencyMs)} ms (p50 / p95 / p99) of ${events} events; lost ${lost}, duplicates ${duplicates}`;

const outageLines = ({ backlog, downSeconds, phases, machine }: OutageResult): string[] => [
  `  ${backlog} events for an endpoint that was down for ${downSeconds} s; fresh events of others:`,
  ...Object.values(phases).map(phaseLine),
  machineLine(machine),
];

const besideLine = (title: string, { events, latencyMs, longestMs, lost, duplicates }: BurstPhase): string =>
  `    ${title.padEnd(40)} ${quantiles(latencyMs)} ms (p50 / p95 / p99), at most ${figure(longestMs)}, of ${events} events; lost ${lost}, duplicates ${duplicates}`;

const burstLines = ({ alone, bursts, machine }: BurstsResult): string[] => [
  '  fresh events of one tenant, beside a burst of another:',
  besideLine('alone', alone),
  ...bursts.flatMap(({ title, beside, whileAccepted, acceptedAfterMs }) => [
    besideLine(title, beside),
    besideLine(`  of these, while it is accepted (${figure(acceptedAfterMs / 1000)} s)`, whileAccepted),
  ]),
  machineLine(machine),
];

/** One line for each sentence, with ok or FAIL where something was promised. */
export const findingLines = (findings: readonly Finding[]): string[] =>
  findings.map(({ sentence, isKept }) => `  ${isKept === undefined ? '    ' : isKept ? 'ok  ' : 'FAIL'} ${sentence}`);

/** Everything of one run, for a person at a terminal. */
export const runReport = ({
  run,
  scenario,
  publish,
  readyAfterMs,
  loads,
  outage,
  bursts,
  findings,
  floor,
  floorShare,
}: RunResult): string =>
  [
    `run ${run}, scenario (${scenario}), publishing by ${publish}; ready after ${figure(readyAfterMs / 1000)} s`,
    ...loads.flatMap(linesOf),
    ...(outage === undefined ? [] : outageLines(outage)),
    ...(bursts === undefined ? [] : burstLines(bursts)),
    `  floor of this run      ${figure(floor.postsPerSecond)} posts/s, ${figure(floor.cpuPerThousand)} CPU s per 1,000${floorShare === undefined ? '' : `; deliveries/s are ${percent(floorShare)} of it`}`,
    ...findingLines(findings),
    '',
  ].join('\n');

const floorOf = ({ floor, loads }: RunResult): string => {
  const cpu = loads[0]?.cpuPerThousand ?? NaN;
  return `${figure(floor.postsPerSecond)} / ${figure(floor.cpuPerThousand)}; CPU ×${figure(cpu / floor.cpuPerThousand)}`;
};

/** Medians over the runs, one line for each load; nothing of runs without loads. */
export const summary = (results: readonly RunResult[]): string => {
  const groups = new Map<string, { result: RunResult; load: LoadResult }[]>();
  for (const result of results) {
    for (const load of result.loads) {
      const name = `(${result.scenario}) ${load.title}, ${result.publish}`;
      groups.set(name, [...(groups.get(name) ?? []), { result, load }]);
    }
  }
  if (groups.size === 0) return '';
  const rows = [...groups].map(([name, entries]) => {
    const median = (of: (load: LoadResult) => number): number => medianOf(entries.map(({ load }) => of(load)));
    const runs = entries.map(({ load }) => figure(load.deliveriesPerSecond)).join(', ');
    return [
      name,
      `${figure(median((load) => load.deliveriesPerSecond))} (${runs})`,
      figure(median((load) => load.acceptedPerSecond)),
      quantiles({
        p50: median((load) => load.latencyMs.p50),
        p95: median((load) => load.latencyMs.p95),
        p99: median((load) => load.latencyMs.p99),
      }),
      figure(median((load) => load.cpuPerThousand)),
      percent(medianOf(entries.map(({ result, load }) => load.deliveriesPerSecond / result.floor.postsPerSecond))),
      entries.map(({ result }) => floorOf(result)).at(-1) ?? '',
      `${entries.reduce((sum, { load }) => sum + load.lost, 0)} / ${entries.reduce((sum, { load }) => sum + load.duplicates, 0)}`,
    ];
  });
  const head = [
    'load',
    'deliveries/s (runs)',
    'accepted/s',
    'p50 / p95 / p99 ms',
    'CPU s per 1,000',
    'of the floor',
    'floor posts/s / CPU (last run)',
    'lost / duplicates',
  ];
  return tableOf(head, rows);
};
