import type { FieldProblem } from '@bellwire/errors';
import { pathBelow } from './field-path.ts';

/** Members of bodies that pass through as text (`json-text.ts`): their services read them. */
const verbatim: ReadonlySet<string> = new Set(['data', 'filter', 'schema', 'example']);

const isVerbatim = (path: string, name: string): boolean => path === '' && verbatim.has(name);

const halfPair = 'must be valid Unicode, without half a surrogate pair';

const nameProblems = (names: readonly string[], path: string): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  // An object that is built with it is without it.
  if (names.includes('__proto__')) {
    problems.push({ path: pathBelow(path, '__proto__'), message: 'is not a name that can be used' });
  }
  // Names of the body itself are known ones.
  if (path !== '' && !names.every((name) => name.isWellFormed()))
    problems.push({ path, message: `a name ${halfPair}` });
  return problems;
};

/**
 * What would be lost of a body on its way: half a surrogate pair, which protobuf would replace by U+FFFD so that different
 * texts become the same, and `__proto__` as a name. Does not recurse: bodies nest as deep as they are long.
 */
export const bodyTextProblems = (body: unknown): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  const values = [{ value: body, path: '' }];
  // What is found below is appended, and met in its turn.
  for (const { value, path } of values) {
    if (typeof value === 'string' && !value.isWellFormed()) problems.push({ path, message: halfPair });
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) values.push({ value: item, path: pathBelow(path, index) });
      continue;
    }
    problems.push(...nameProblems(Object.keys(value), path));
    for (const [name, member] of Object.entries(value)) {
      if (!isVerbatim(path, name)) values.push({ value: member, path: pathBelow(path, name) });
    }
  }
  return problems;
};

/** NUL in a parameter: nothing that is asked for holds it, and Postgres refuses to compare with it. */
export const queryTextProblems = (query: unknown): FieldProblem[] => {
  if (typeof query !== 'object' || query === null) return [];
  return Object.entries(query)
    .filter(([, value]) => typeof value === 'string' && value.includes('\u0000'))
    .map(([path]) => ({ path, message: 'must not contain NUL' }));
};
