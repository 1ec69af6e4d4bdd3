import vm from 'node:vm';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { LRUCache } from 'lru-cache';
import type { EventType } from '@bellwire/contracts';
import type { MinifiedJson } from '@bellwire/domain';
import { Fault, type FieldProblem } from '@bellwire/errors';

/** @throws Fault SCHEMA_VIOLATION with paths such as data/items/0/price */
export type CheckSchema = (tenantId: string, eventType: EventType, data: MinifiedJson) => void;

export interface CheckSchemaOptions {
  /** Compiled schemas that are kept. @default 2000 */
  maxSchemas?: number;
  /** Time limit of a check that may take long, in milliseconds. @default 100 */
  timeoutMs?: number;
  /** Told of a schema that cannot be used, which registry should have refused. */
  onBrokenSchema(error: unknown, tenantId: string, typeName: string): void;
}

/** A schema ready for use; without `validate` it cannot be used. */
interface CompiledSchema {
  readonly validate: ValidateFunction | undefined;
  /** It has what can take more than linear time. */
  readonly isSlow: boolean;
}

const maxProblems = 20;
// Above it a check is timed whatever its schema: the limit costs 0.2 ms (Node 24), no more than parsing such data.
const maxUntimedLength = 16 * 1024;

const problemOf = ({ instancePath, message = 'breaks the schema', params }: ErrorObject): FieldProblem => {
  const extra = 'additionalProperty' in params ? `: ${String(params['additionalProperty'])}` : '';
  return { path: `data${instancePath}`, message: message + extra };
};

const violation = (problems: readonly FieldProblem[]): Fault => {
  const [first] = problems;
  const where = first === undefined ? '' : `: ${first.path} ${first.message}`;
  return new Fault('SCHEMA_VIOLATION', `The data breaks the schema of its event type${where}.`, {
    fields: problems.slice(0, maxProblems),
  });
};

/** Runs with a time limit: a regular expression of one tenant must not stop the others. */
const makeTimeLimit = (timeoutMs: number) => {
  const sandbox = { run: (): boolean => true };
  vm.createContext(sandbox);
  const script = new vm.Script('run()');
  return (run: () => boolean): boolean => {
    sandbox.run = run;
    return script.runInContext(sandbox, { timeout: timeoutMs }) === true;
  };
};

/**
 * One instance per schema: the `$id` of one tenant's schema means nothing to another's, and an evicted schema is gone.
 * Draft 2020-12; unknown keywords and formats are ignored, as that draft says. Registry has checked the schema itself.
 */
const compile = (schemaText: string): CompiledSchema => {
  const schema: unknown = JSON.parse(schemaText);
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null))
    throw new Error('not a JSON Schema');
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, logger: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  if ('$async' in validate) throw new Error('an asynchronous schema');
  return { validate, isSlow: /"(pattern|patternProperties|uniqueItems)"/.test(JSON.stringify(schema)) };
};

/** Checks data against the schema of its type, compiled once per version. */
export const makeCheckSchema = ({
  maxSchemas = 2000,
  timeoutMs = 100,
  onBrokenSchema,
}: CheckSchemaOptions): CheckSchema => {
  const withinTime = makeTimeLimit(timeoutMs);
  const compiled = new LRUCache<string, CompiledSchema>({ max: maxSchemas });

  const find = (tenantId: string, { name, version, schema }: EventType): CompiledSchema => {
    const key = `${tenantId}/${name}/${version}`;
    let found = compiled.get(key);
    if (found !== undefined) return found;
    try {
      found = compile(schema);
    } catch (error) {
      onBrokenSchema(error, tenantId, name);
      found = { validate: undefined, isSlow: false };
    }
    compiled.set(key, found);
    return found;
  };

  return (tenantId, eventType, { text, value }) => {
    if (eventType.schema === '') return;
    const { validate, isSlow } = find(tenantId, eventType);
    if (validate === undefined) throw violation([{ path: 'data', message: 'cannot be checked: the schema is broken' }]);
    let isValid: boolean;
    try {
      isValid = isSlow || text.length > maxUntimedLength ? withinTime(() => validate(value)) : validate(value);
    } catch {
      // The time limit, or a schema that refers to itself without end.
      throw violation([{ path: 'data', message: 'takes too long to check against the schema' }]);
    }
    if (!isValid) throw violation((validate.errors ?? []).map(problemOf));
  };
};
