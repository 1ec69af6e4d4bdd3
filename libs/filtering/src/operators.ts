import { isRecord, isScalar } from './json.ts';

/** What may stand after an operator, and how to say so. */
interface OperatorRule {
  readonly accepts: (value: unknown) => boolean;
  readonly wants: string;
}

const any: OperatorRule = { accepts: () => true, wants: 'a JSON value' };
const ordered: OperatorRule = {
  accepts: (value) => typeof value === 'number' || typeof value === 'string',
  wants: 'a number or a text',
};
// An empty $in matches nothing, an empty $nin or $all everything: surely a slip.
const list: OperatorRule = {
  accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(isScalar),
  wants: 'a list of at least one text, number, true, false or null',
};
const text: OperatorRule = { accepts: (value) => typeof value === 'string' && value !== '', wants: 'a text' };

/** Operators under a field, with MongoDB's meaning; `$prefix` and `$suffix` are ours. */
export const fieldOperators: ReadonlyMap<string, OperatorRule> = new Map([
  ['$eq', any],
  ['$ne', any],
  ['$in', list],
  ['$nin', list],
  ['$gt', ordered],
  ['$gte', ordered],
  ['$lt', ordered],
  ['$lte', ordered],
  ['$exists', { accepts: (value: unknown) => typeof value === 'boolean', wants: 'true or false' }],
  ['$all', list],
  ['$prefix', text],
  ['$suffix', text],
  ['$not', { accepts: isRecord, wants: 'an object of operators' }],
]);

/** Operators beside fields, over a list of filters. */
export const groupOperators: readonly string[] = ['$and', '$or', '$nor'];

/** Known elsewhere and refused here: what they run, or how long, is up to who wrote the filter. */
export const refusedOperators: ReadonlySet<string> = new Set(['$regex', '$options', '$where', '$expr', '$function']);
