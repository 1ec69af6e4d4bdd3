import type { Budget, BudgetRow } from '../profile/budget.ts';
import { figure, percent, tableOf } from './table.ts';

const smallest = 0.004;

const rowsOf = (rows: readonly BudgetRow[]): string[][] =>
  rows
    .filter(({ share }) => share >= smallest)
    .map((row) => [row.name, percent(row.share), figure(row.microsPerDelivery), figure(row.nativeMicrosPerDelivery)]);

/** Where the time of a process went: by stage, by area, by function. */
export const budgetReport = ({ process, busyShare, stages, areas, functions }: Budget): string => {
  const head = (first: string): string[] => [first, 'of busy time', 'µs per delivery', 'of it in Node and native code'];
  return [
    `budget of ${process}: busy ${percent(busyShare)} of the time (the profiler itself slows it)`,
    tableOf(head('stage'), rowsOf(stages)),
    tableOf(head('area'), rowsOf(areas)),
    tableOf(
      ['function', 'of busy time', 'µs per delivery'],
      rowsOf(functions).map((row) => row.slice(0, 3)),
    ),
    '',
  ].join('\n\n');
};
