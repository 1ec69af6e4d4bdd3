import { Fault, type FieldProblem } from '@bellwire/errors';
import { assertWithinBudget } from './budget.ts';
import { celError, compileCel } from './cel.ts';
import type { EventDocument } from './event-document.ts';
import { isRecord } from './json.ts';
import { filterLimits } from './limits.ts';
import { compileQuery } from './query.ts';
import { reviewFilter } from './validate.ts';

export type FilterResult =
  | { readonly matches: boolean; readonly reason?: undefined; readonly error?: undefined }
  /** The filter failed for this event, which counts as no match. `error` is a sentence for the filter's author. */
  | { readonly matches: false; readonly reason: 'filter_error'; readonly error: string };

/** A compiled filter. Neither method throws. Holds no event, and is not to be shared between threads. */
export interface Filter {
  matches(event: EventDocument): boolean;
  evaluate(event: EventDocument): FilterResult;
}

const invalid = (problems: readonly FieldProblem[]): Fault => {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new Fault('INVALID_FILTER', `${first?.path}: ${first?.message}${more}`, { fields: problems });
};

const makeFilter = (terms: number, run: (event: EventDocument) => boolean): Filter => {
  const evaluate = (event: EventDocument): FilterResult => {
    try {
      assertWithinBudget(terms, event);
      return { matches: run(event) };
    } catch (error) {
      return { matches: false, reason: 'filter_error', error: celError(error) };
    }
  };
  return { evaluate, matches: (event) => evaluate(event).matches };
};

/** UTF-8 bytes of a value as JSON; it has been walked before, so it ends. */
const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '');

const celFilter = (filter: Readonly<Record<string, unknown>>, path: string): Filter => {
  const { cel, ...others } = filter;
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid([{ path: `${path}.${other}`, message: 'cannot stand beside cel' }]);
  if (typeof cel !== 'string') throw invalid([{ path: `${path}.cel`, message: 'must be a text' }]);
  const compiled = compileCel(cel);
  if ('problem' in compiled) throw invalid([{ path: `${path}.cel`, message: compiled.problem }]);
  return makeFilter(compiled.terms, compiled.run);
};

/**
 * Compiles a filter, as JSON: MongoDB operators over the event document, `{"data.amount": {"$gt": 100}}`, or an
 * expression, `{"cel": "event.data.amount > 100.0"}`. Undefined, null and `{}` match every event. Throws INVALID_FILTER
 * with the places that are wrong, below `path`.
 */
export const compileFilter = (json: unknown, path: string = 'filter'): Filter => {
  if (json === undefined || json === null) return makeFilter(0, () => true);
  if (isRecord(json) && Object.hasOwn(json, 'cel')) return celFilter(json, path);
  const { problems, terms } = reviewFilter(json, path);
  if (problems.length > 0) throw invalid(problems);
  if (jsonBytes(json) > filterLimits.bytes) {
    throw invalid([{ path, message: `is larger than ${filterLimits.bytes} bytes` }]);
  }
  // A copy: who passed the filter may change it afterwards.
  return makeFilter(terms, compileQuery(structuredClone(json)));
};

/** Compiles a filter kept as JSON text; the empty text matches every event. Throws INVALID_FILTER. */
export const parseFilter = (text: string, path: string = 'filter'): Filter => {
  if (text === '') return compileFilter(undefined);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalid([{ path, message: `is not JSON: ${celError(error)}` }]);
  }
  return compileFilter(json, path);
};
