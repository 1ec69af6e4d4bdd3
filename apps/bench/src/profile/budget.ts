import { areaOf, idle, stageOf } from './areas.ts';
import type { Frame } from './cpu-profile.ts';

export interface BudgetRow {
  name: string;
  /** Of the time that the thread was busy. */
  share: number;
  microsPerDelivery: number;
  /** The part of it in Node's own and native code that it called. */
  nativeMicrosPerDelivery: number;
}

export interface Budget {
  process: string;
  /** Share of the window in which the thread ran anything. */
  busyShare: number;
  areas: BudgetRow[];
  stages: BudgetRow[];
  /** The functions with the most time of their own, with where they are. */
  functions: BudgetRow[];
}

interface Sum {
  micros: number;
  nativeMicros: number;
}

const add = (sums: Map<string, Sum>, name: string, micros: number, isNative: boolean): void => {
  const sum = sums.get(name) ?? { micros: 0, nativeMicros: 0 };
  sum.micros += micros;
  if (isNative) sum.nativeMicros += micros;
  sums.set(name, sum);
};

const placeOf = ({ functionName, url, line, caller }: Frame): string => {
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/(?=(?:apps|libs)\/|node_modules\/)/, '');
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (file !== '') return `${name} ${file}:${line}`;
  return caller === undefined ? name : `${name} (native) from ${caller.functionName}`;
};

/** Where the time of one process went while `deliveries` were made. */
export const budgetOf = (process: string, frames: readonly Frame[], deliveries: number): Budget => {
  const areas = new Map<string, Sum>();
  const stages = new Map<string, Sum>();
  const functions = new Map<string, Sum>();
  let busy = 0;
  let all = 0;
  for (const frame of frames) {
    const { selfMicros } = frame;
    if (selfMicros === 0) continue;
    const { area, isOwn } = areaOf(frame);
    all += selfMicros;
    if (area === idle) continue;
    busy += selfMicros;
    add(areas, area, selfMicros, !isOwn);
    add(stages, stageOf(frame), selfMicros, !isOwn);
    add(functions, placeOf(frame), selfMicros, false);
  }
  const rowsOf = (sums: Map<string, Sum>): BudgetRow[] =>
    [...sums]
      .sort(([, a], [, b]) => b.micros - a.micros)
      .map(([name, { micros, nativeMicros }]) => ({
        name,
        share: micros / busy,
        microsPerDelivery: micros / deliveries,
        nativeMicrosPerDelivery: nativeMicros / deliveries,
      }));
  return {
    process,
    busyShare: busy / all,
    areas: rowsOf(areas),
    stages: rowsOf(stages),
    functions: rowsOf(functions).slice(0, 40),
  };
};
