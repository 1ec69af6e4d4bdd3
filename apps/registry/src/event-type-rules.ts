import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { EventType } from '@bellwire/contracts';
import type { FieldProblem } from '@bellwire/errors';
import { isEventTypeName, isOperational, operationalPrefix } from '@bellwire/domain';
import { textProblems } from './text-rules.ts';

const maxTextBytes = 65_536;

const fieldsOf = (path: string, errors: readonly ErrorObject[] | null | undefined): FieldProblem[] =>
  (errors ?? []).map(({ instancePath, message }) => ({
    path: path + instancePath.replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~'),
    message: message ?? 'is not valid',
  }));

/** A value, or what is wrong with its text. */
type Parsed = { value: unknown } | { problems: FieldProblem[] };

const parse = (path: string, text: string): Parsed => {
  if (Buffer.byteLength(text) > maxTextBytes) {
    return { problems: [{ path, message: `must have at most ${maxTextBytes} bytes` }] };
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problems: [{ path, message: 'must be JSON' }] };
  }
};

const isAsync = (schema: unknown): boolean =>
  typeof schema === 'object' && schema !== null && '$async' in schema && schema.$async !== undefined;

/**
 * Compiles with an instance of its own, so that no schema meets the `$id` of another tenant's. Nothing is ever fetched:
 * a `$ref` that leaves the document cannot be resolved, and is refused.
 */
const compile = (schema: unknown): ValidateFunction | FieldProblem[] => {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema))) {
    return [{ path: 'schema', message: 'must be an object' }];
  }
  if (isAsync(schema)) return [{ path: 'schema.$async', message: 'is not available' }];
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false, validateFormats: true });
  formats.default(ajv);
  try {
    // Answers false, or throws for a $schema that it does not know.
    if (!ajv.validateSchema(schema)) return fieldsOf('schema', ajv.errors);
    return ajv.compile(schema);
  } catch (error) {
    const said = error instanceof Error ? error.message : 'cannot be compiled';
    if (said.includes('no schema with key or ref')) {
      return [{ path: 'schema.$schema', message: 'must be https://json-schema.org/draft/2020-12/schema' }];
    }
    if (said.startsWith("can't resolve reference")) {
      return [{ path: 'schema', message: `has a $ref that leaves the document: ${said}` }];
    }
    return [{ path: 'schema', message: said }];
  }
};

const payloadProblems = ({ schema, example }: Pick<EventType, 'schema' | 'example'>): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  const rule = schema === '' ? undefined : parse('schema', schema);
  const data = example === '' ? undefined : parse('example', example);
  for (const parsed of [rule, data])
    if (parsed !== undefined && 'problems' in parsed) problems.push(...parsed.problems);
  if (rule === undefined || 'problems' in rule) return problems;
  const validate = compile(rule.value);
  if (typeof validate !== 'function') return [...problems, ...validate];
  if (data === undefined || 'problems' in data || validate(data.value)) return problems;
  return [...problems, ...fieldsOf('example', validate.errors)];
};

/** What is wrong with an event type: its schema must be a JSON Schema (2020-12), and its example must satisfy it. */
export const eventTypeProblems = (
  eventType: Pick<EventType, 'name' | 'description' | 'schema' | 'example'>,
): readonly FieldProblem[] => [
  ...eventTypeNameProblems(eventType.name),
  ...textProblems('description', eventType.description, { max: 1000 }),
  ...payloadProblems(eventType),
];

export const eventTypeNameProblems = (name: string, path: string = 'name'): FieldProblem[] => {
  if (!isEventTypeName(name)) {
    return [
      { path, message: 'must be words of letters, digits, _ and - with full stops between, at most 128 characters' },
    ];
  }
  if (!isOperational(name)) return [];
  return [{ path, message: `must not begin with ${operationalPrefix}: only Bellwire itself emits these` }];
};
