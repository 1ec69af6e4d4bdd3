import { textProblem, type FieldProblem } from '@bellwire/errors';
import { documentFields } from './event-document.ts';
import { isRecord, isScalar } from './json.ts';
import { filterLimits } from './limits.ts';
import { fieldOperators, groupOperators, refusedOperators } from './operators.ts';

/** The walk over one filter: what it has found and how much it has seen. */
interface Walk {
  readonly problems: FieldProblem[];
  terms: number;
  values: number;
}

/** Enough to mend a filter with; the rest would follow from these. */
const maxProblems = 20;

const report = (walk: Walk, path: string, message: string): void => {
  if (walk.problems.length < maxProblems) walk.problems.push({ path, message });
};

const isTooLarge = (walk: Walk): boolean =>
  walk.terms > filterLimits.terms || walk.values > filterLimits.values || walk.problems.length >= maxProblems;

const checkText = (walk: Walk, text: string, path: string): void => {
  const message = textProblem(text);
  if (message !== undefined) report(walk, path, message);
};

/** Names that every object inherits: a path through them would leave the event. */
const isInherited = (segment: string): boolean => segment in Object.prototype || segment === 'prototype';

const checkPath = (walk: Walk, field: string, path: string): void => {
  const segments = field.split('.');
  const [first = ''] = segments;
  if (segments.some((segment) => segment === '')) report(walk, path, 'a path must not have empty segments');
  else if (segments.some(isInherited)) report(walk, path, 'this name cannot be used in a path');
  else if (!documentFields.some((name) => name === first)) {
    report(walk, path, `must begin with one of ${documentFields.join(', ')}; fields of the data with data.`);
  }
};

/** A value to compare with: any JSON, but no operators inside. */
const checkLiteral = (walk: Walk, value: unknown, path: string, depth: number): void => {
  walk.values += 1;
  if (typeof value === 'string') return checkText(walk, value, path);
  if (isScalar(value) || isTooLarge(walk)) return;
  if (depth > filterLimits.depth) {
    report(walk, path, `is more than ${filterLimits.depth} levels deep`);
  } else if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => checkLiteral(walk, item, `${path}[${index}]`, depth + 1));
  } else if (isRecord(value)) {
    for (const [name, item] of Object.entries(value)) {
      if (name.startsWith('$'))
        report(walk, `${path}.${name}`, 'an operator goes under a dotted path, such as data.a.b');
      else if (isInherited(name)) report(walk, `${path}.${name}`, 'this name cannot be used in a filter');
      else if (textProblem(name) !== undefined) report(walk, path, `a name ${textProblem(name)}`);
      else checkLiteral(walk, item, `${path}.${name}`, depth + 1);
    }
  } else {
    report(walk, path, 'cannot be written as JSON');
  }
};

const unknownOperator = (name: string, known: readonly string[]): string =>
  refusedOperators.has(name)
    ? 'this operator is not available; use $prefix, $suffix or a CEL expression'
    : `unknown operator; use one of ${known.join(', ')}`;

const checkOperators = (
  walk: Walk,
  operators: Readonly<Record<string, unknown>>,
  path: string,
  depth: number,
): void => {
  if (depth > filterLimits.depth) return report(walk, path, `is more than ${filterLimits.depth} levels deep`);
  if (Object.keys(operators).length === 0) report(walk, path, 'must name an operator or a value');
  for (const [name, value] of Object.entries(operators)) {
    if (isTooLarge(walk)) return;
    walk.terms += 1;
    const at = `${path}.${name}`;
    const rule = fieldOperators.get(name);
    if (groupOperators.includes(name)) report(walk, at, 'stands beside fields, not under one');
    else if (!name.startsWith('$')) report(walk, at, 'cannot stand beside an operator; write a dotted path');
    else if (rule === undefined) report(walk, at, unknownOperator(name, [...fieldOperators.keys()]));
    else if (!rule.accepts(value)) report(walk, at, `takes ${rule.wants}`);
    else if (name === '$not' && isRecord(value)) checkOperators(walk, value, at, depth + 1);
    else {
      // $all is tried value by value.
      if (name === '$all' && Array.isArray(value)) walk.terms += value.length;
      checkLiteral(walk, value, at, depth + 1);
    }
  }
};

const checkCondition = (walk: Walk, field: string, value: unknown, path: string, depth: number): void => {
  checkPath(walk, field, path);
  const isOperators =
    isRecord(value) && (Object.keys(value).length === 0 || Object.keys(value).some((name) => name.startsWith('$')));
  if (isOperators) checkOperators(walk, value, path, depth + 1);
  else checkLiteral(walk, value, path, depth + 1);
};

const checkFilter = (walk: Walk, filter: unknown, path: string, depth: number): void => {
  if (depth > filterLimits.depth) return report(walk, path, `is more than ${filterLimits.depth} levels deep`);
  if (!isRecord(filter)) return report(walk, path, 'must be an object');
  for (const [name, value] of Object.entries(filter)) {
    if (isTooLarge(walk)) return;
    walk.terms += 1;
    const at = `${path}.${name}`;
    if (textProblem(name) !== undefined) report(walk, path, `a name ${textProblem(name)}`);
    else if (groupOperators.includes(name)) {
      if (!Array.isArray(value) || value.length === 0) report(walk, at, 'takes a list of at least one filter');
      else value.forEach((item: unknown, index) => checkFilter(walk, item, `${at}[${index}]`, depth + 1));
    } else if (fieldOperators.has(name)) {
      report(walk, at, 'stands under a field, such as {"data.amount": {"$gt": 5}}');
    } else if (name.startsWith('$')) {
      report(walk, at, unknownOperator(name, groupOperators));
    } else {
      checkCondition(walk, name, value, at, depth);
    }
  }
};

/** What a filter in MongoDB's form costs, and everything that is wrong with it, at most 20 places. */
export interface FilterReview {
  readonly problems: readonly FieldProblem[];
  /** Fields, operators and values of $all. */
  readonly terms: number;
}

export const reviewFilter = (filter: unknown, path: string): FilterReview => {
  const walk: Walk = { problems: [], terms: 0, values: 0 };
  checkFilter(walk, filter, path, 1);
  if (walk.terms > filterLimits.terms) report(walk, path, `has more than ${filterLimits.terms} fields and operators`);
  if (walk.values > filterLimits.values) report(walk, path, `has more than ${filterLimits.values} values`);
  return walk;
};
