import type { Findings } from './compare.ts';

/** What came of one case: what all ledgers say, and what else it promises. */
export interface Outcome {
  /** Rows of docs/faults.md that it shows. */
  readonly ids: string;
  readonly title: string;
  readonly accepted: number;
  readonly deliveries: number;
  readonly findings: Findings;
  /** What duplicates may come to: requests that may have been under way when something was done to their process. */
  readonly bound: number;
  /** The longest that an endpoint with a queue waited for its next request, in milliseconds. */
  readonly recoveryMs: number;
  readonly totalMs: number;
  readonly figures: Readonly<Record<string, string | number>>;
  /** What else was not as promised, in sentences. */
  readonly problems: readonly string[];
  /** A clock was set in this case: genuine requests may carry another time. */
  readonly isSkewed?: boolean;
}

type Kind = keyof Findings;

const never: readonly Kind[] = [
  'lost',
  'unended',
  'silent',
  'phantom',
  'twins',
  'mismatched',
  'badSignatures',
  'undelivered',
];
const bounded: readonly Kind[] = ['duplicates', 'unlogged'];
const kinds: readonly Kind[] = [...never, ...bounded, 'skewed', 'late'];

/** What was not as promised, in sentences; none where all was. */
export const problemsOf = ({ findings, bound, problems, isSkewed = false }: Outcome): readonly string[] => [
  ...never.filter((kind) => findings[kind].length > 0).map((kind) => `${kind} ${findings[kind].length}`),
  ...bounded
    .filter((kind) => findings[kind].length > bound)
    .map((kind) => `${kind} ${findings[kind].length} of ${bound} at most`),
  ...(findings.skewed.length > 0 && !isSkewed ? [`skewed ${findings.skewed.length}`] : []),
  ...problems,
];

const mostShown = 5;

const figuresOf = ({ accepted, deliveries, findings, bound, recoveryMs, totalMs, figures }: Outcome): string => {
  const counts = Object.fromEntries(kinds.map((kind) => [kind, findings[kind].length]));
  return Object.entries({ accepted, deliveries, ...counts, bound, recoveryMs, ...figures, totalMs })
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
};

/** A line with all figures, and below it what was not as promised and the first of each finding, by ids. */
export const textOf = (outcome: Outcome): string => {
  const problems = problemsOf(outcome);
  const found = kinds.flatMap((kind) => {
    const texts = outcome.findings[kind];
    return [
      ...texts.slice(0, mostShown).map((text) => `       ${kind}: ${text}`),
      ...(texts.length > mostShown ? [`       ${kind}: ${texts.length - mostShown} more`] : []),
    ];
  });
  const title = `${problems.length === 0 ? 'ok  ' : 'FAIL'} ${outcome.ids} ${outcome.title}: ${figuresOf(outcome)}`;
  return [title, ...problems.map((problem) => `     ${problem}`), ...found].join('\n');
};

const columns = [
  'id',
  'case',
  'deliveries',
  'lost',
  'phantom',
  'unended',
  'duplicates/bound',
  'recovery',
  'as promised',
];

const rowOf = (outcome: Outcome): readonly string[] => {
  const { ids, title, deliveries, findings, bound, recoveryMs } = outcome;
  return [
    ids,
    title,
    String(deliveries),
    String(findings.lost.length),
    String(findings.phantom.length),
    String(findings.unended.length),
    `${findings.duplicates.length}/${bound}`,
    `${(recoveryMs / 1000).toFixed(1)} s`,
    problemsOf(outcome).length === 0 ? 'yes' : 'NO',
  ];
};

/** @param others rows of cases that keep no ledgers or were not run: id, title, what there is to say */
export const tableOf = (outcomes: readonly Outcome[], others: readonly (readonly string[])[] = []): string => {
  const rows = [columns, ...outcomes.map(rowOf)];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  const lineOf = (row: readonly string[]): string =>
    row
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [...rows, ...others].map(lineOf).join('\n');
};
