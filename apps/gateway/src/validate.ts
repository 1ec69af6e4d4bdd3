import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { Fault, invalidFields, type FieldProblem } from '@bellwire/errors';
import { pathBelow } from './field-path.ts';
import { bodyTextProblems, queryTextProblems } from './text-problems.ts';

const pathText = (path: readonly PropertyKey[]): string => path.reduce<string>(pathBelow, '');

const kindNames: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  array: ['entry', 'entries'],
  string: ['character', 'characters'],
};

/** Of numbers the value, of lists and texts the length: "be at least 2", "have at least 1 entry". */
const boundOf = (bound: 'least' | 'most', limit: number | bigint, origin: string): string => {
  const unit = units[origin];
  return unit === undefined
    ? `must be at ${bound} ${limit}`
    : `must have at ${bound} ${limit} ${limit === 1 ? unit[0] : unit[1]}`;
};

/** Sentences for the problems that our schemas can have; zod's own for the rest. */
const sentenceOf: z.core.$ZodErrorMap = (issue) => {
  if (issue.input === undefined) return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kindNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return issue.format === 'datetime' ? 'must be a time such as 2026-01-31T12:00:00Z' : undefined;
    case 'too_small':
      return boundOf('least', issue.minimum, issue.origin);
    case 'too_big':
      return boundOf('most', issue.maximum, issue.origin);
    default:
      return undefined;
  }
};

const problemsOf = (issue: z.core.$ZodIssue): FieldProblem[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ path: pathText([...issue.path, key]), message: 'is not known here' }))
    : [{ path: pathText(issue.path), message: issue.message }];

const textProblems: Readonly<Record<string, (input: unknown) => FieldProblem[]>> = {
  body: bodyTextProblems,
  querystring: queryTextProblems,
};

/**
 * Checks shape only: types, required members, unknown ones, and texts that could not be passed on as they are. The rules
 * belong to the services.
 * Answers every problem of a part (path, query or body) as one Fault.
 */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (input: unknown) => {
    // Fastify gives null for a body that is absent.
    const given = httpPart === 'body' ? (input ?? undefined) : input;
    const parsed = schema.safeParse(given, { error: sentenceOf });
    const ofShape = parsed.success ? [] : parsed.error.issues.flatMap(problemsOf);
    const whole = ofShape.find(({ path }) => path === '');
    if (whole !== undefined) return { error: new Fault('MALFORMED_REQUEST', `The body ${whole.message}.`) };
    const named = new Set(ofShape.map(({ path }) => path));
    const ofTexts = textProblems[httpPart ?? '']?.(given).filter(({ path }) => !named.has(path)) ?? [];
    if (parsed.success && ofTexts.length === 0) return { value: parsed.data };
    return { error: invalidFields([...ofShape, ...ofTexts]) };
  };
