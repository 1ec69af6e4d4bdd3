import { medianOf } from '../statistics.ts';
import { figure } from '../report/table.ts';
import type { BurstsResult, BurstResult } from './burst.ts';
import type { OutageResult } from './outage.ts';
import type { Finding, LoadResult, RunResult } from './results.ts';

// What was promised about isolation, against what was measured.

const mostRatio = 1.5;
const mostExtraMs = 10;
const mostOutageRatio = 2;
const mostBurstExtraMs = 50;
const mostStallMs = 5000;
const mostGrowth = 1.2;
const mostRecords = 25;

const compared = (name: string, aloneMs: number, besideMs: number, extraMs = mostExtraMs): Finding => ({
  sentence: `${name}: p99 ${figure(besideMs)} ms against ${figure(aloneMs)} alone: ×${figure(besideMs / aloneMs)}, ${figure(besideMs - aloneMs)} ms more (promised: ×${mostRatio} or ${extraMs} ms)`,
  isKept: besideMs <= aloneMs * mostRatio || besideMs - aloneMs <= extraMs,
});

/** Of (iv): medians over all runs, of each rate beside a slow endpoint against the same alone. */
export const slowNeighbourFindings = (results: readonly RunResult[]): Finding[] => {
  const loads = results.filter(({ scenario }) => scenario === 'iv').flatMap((result) => result.loads);
  const titles = [...new Set(loads.map(({ title }) => title))];
  const median = (title: string): number =>
    medianOf(loads.filter((load) => load.title === title).map(({ latencyMs }) => latencyMs.p99));
  const alone = titles.filter((title) => !title.includes(' beside '));
  return alone.flatMap((title) =>
    titles
      .filter((other) => other.startsWith(`${title} beside `))
      .map((other) => compared(`median of ${other}`, median(title), median(other))),
  );
};

const isDispatcher = (name: string): boolean => name === 'suite' || name.startsWith('dispatcher');

const memoryFinding = (name: string, { middle, last }: { middle: number; last: number }): Finding => ({
  sentence: `memory of ${name}: ${figure(last)} MiB in the last third, ${figure(middle)} in the one before (promised: ×${mostGrowth})`,
  isKept: last <= middle * mostGrowth,
});

const recordsFinding = ({ name, accepted, requests, arrived, records }: LoadResult['neighbours'][number]): Finding => {
  const came = `${accepted} deliveries, ${requests} requests for ${arrived} of them`;
  if (records === undefined) return { sentence: `${name}: ${came}; log records were not counted` };
  const each = records / accepted;
  return {
    sentence: `${name}: ${came}; ${figure(each)} log records a delivery until the end of the run, without audit (promised: under ${mostRecords})`,
    isKept: each < mostRecords,
  };
};

/** Of (v): the good endpoints beside the others against the same alone; the memory; what the others cost the log. */
export const troubleFindings = ([alone, beside]: readonly LoadResult[]): Finding[] => {
  if (alone === undefined || beside === undefined) return [];
  return [
    compared('the good endpoints', alone.latencyMs.p99, beside.latencyMs.p99),
    ...Object.entries(beside.memory)
      .filter(([name]) => isDispatcher(name))
      .map(([name, course]) => memoryFinding(name, course)),
    ...beside.neighbours.map(recordsFinding),
  ];
};

/** Of (vi). */
export const outageFindings = (result: OutageResult): Finding[] => {
  const { before, during, after } = result.phases;
  const others = ({ title, latencyMs }: typeof during): Finding => ({
    sentence: `others ${title}: p99 ${figure(latencyMs.p99)} ms, ×${figure(latencyMs.p99 / before.latencyMs.p99)} (promised: ×${mostOutageRatio})`,
    isKept: latencyMs.p99 <= before.latencyMs.p99 * mostOutageRatio,
  });
  return [
    {
      sentence: `${result.mostAtOnce} requests at once at most (promised: ${result.maxConcurrency})`,
      isKept: result.mostAtOnce <= result.maxConcurrency,
    },
    {
      sentence: `of ${result.backlog} lost ${result.lost}, duplicates ${result.duplicates}; the first ${figure(result.firstAfterMs / 1000)} s after it was up, drained after ${figure(result.drainedAfterMs / 1000)} s`,
      isKept: result.lost === 0,
    },
    {
      sentence: `longest stall ${figure(result.longestStallMs)} ms (promised: ${mostStallMs})`,
      isKept: result.longestStallMs <= mostStallMs,
    },
    others(during),
    others(after),
  ];
};

const drained = ({ title, events, lost, duplicates, drainedAfterMs, idealMs, mostAtOnce }: BurstResult): Finding => ({
  sentence: `${title}: of ${events} lost ${lost}, duplicates ${duplicates}; drained after ${figure(drainedAfterMs / 1000)} s, ${figure(idealMs / 1000)} s where its ${mostAtOnce} requests at once never pause`,
  isKept: lost === 0,
});

/** Of (vii): the other tenant beside each burst against the same alone, and what became of the burst. */
export const burstFindings = ({ alone, bursts }: BurstsResult): Finding[] =>
  bursts.flatMap((burst) => [
    compared(`the other tenant ${burst.title}`, alone.latencyMs.p99, burst.beside.latencyMs.p99, mostBurstExtraMs),
    { sentence: `the other tenant ${burst.title}: lost ${burst.beside.lost}`, isKept: burst.beside.lost === 0 },
    drained(burst),
  ]);
