import { invalidFields, textProblem, type FieldProblem } from '@bellwire/errors';
import type { Dialect } from './dialect.ts';

/** A filter in a dialect's own words: a field of the event is at least a share from 0 to 1, or one of some texts. */
export interface FilterShorthand {
  readonly name: string;
  /** Place in the event document, as filters name it. */
  readonly path: string;
  readonly compares: 'at_least' | 'one_of';
}

const maxTexts = 50;
const maxCharacters = 100;
/** Of a filter as JSON in UTF-8: no endpoint can have a larger one. */
export const maxFilterBytes = 16 * 1024;

const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) &&
  value.length <= maxTexts &&
  value.every((item) => typeof item === 'string' && item !== '' && item.length <= maxCharacters);

/** An operator, `undefined` where the value asks for nothing, or the rule that it breaks. */
const operatorOf = ({ compares }: FilterShorthand, value: unknown): object | undefined | string => {
  if (value === undefined || value === null) return undefined;
  if (compares === 'at_least') return isShare(value) ? { $gte: value } : 'must be a number from 0 to 1';
  if (!isTexts(value)) return `must be a list of at most ${maxTexts} texts of 1 to ${maxCharacters} characters`;
  if (value.some((text) => textProblem(text) !== undefined)) return 'must not contain NUL or half a surrogate pair';
  return value.length === 0 ? undefined : { $in: value };
};

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value ?? null));

const largestOf = (values: Readonly<Record<string, unknown>>): string =>
  Object.keys(values).reduce((one, other) => (bytesOf(values[other]) > bytesOf(values[one]) ? other : one));

/**
 * The filter that a dialect's shorthands stand for, to be kept with an endpoint; undefined where they ask for nothing.
 * Each applies only to events that have its field; one that is null is none. Texts are compared as they are written, case and all.
 *
 * @param path of the field that holds the shorthands, for messages; empty where they stand alone
 * @throws Fault INVALID_FIELD with every shorthand that is unknown or wrong
 */
export const filterFrom = (
  dialect: Dialect,
  values: Readonly<Record<string, unknown>>,
  path: string = 'filters',
): Readonly<Record<string, unknown>> | undefined => {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const known = new Map((dialect.filterShorthands ?? []).map((shorthand) => [shorthand.name, shorthand]));
  const problems: FieldProblem[] = [];
  const conditions: Readonly<Record<string, unknown>>[] = [];
  for (const [name, value] of Object.entries(values)) {
    const shorthand = known.get(name);
    if (shorthand === undefined) {
      const message = known.size === 0 ? 'is not known' : `is not one of ${[...known.keys()].join(', ')}`;
      problems.push({ path: at(name), message });
      continue;
    }
    const operator = operatorOf(shorthand, value);
    if (typeof operator === 'string') problems.push({ path: at(name), message: operator });
    else if (operator !== undefined) {
      conditions.push({ $or: [{ [shorthand.path]: null }, { [shorthand.path]: operator }] });
    }
  }
  if (problems.length > 0) throw invalidFields(problems);
  const filter = conditions.length > 1 ? { $and: conditions } : conditions[0];
  if (filter !== undefined && bytesOf(filter) > maxFilterBytes) {
    const message = `makes the filter larger than ${maxFilterBytes} bytes`;
    throw invalidFields([{ path: at(largestOf(values)), message }]);
  }
  return filter;
};
