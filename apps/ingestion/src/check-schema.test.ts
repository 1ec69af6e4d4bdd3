import { describe, expect, test } from '@jest/globals';
import { EventType } from '@bellwire/contracts';
import { minifyJson } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { makeCheckSchema } from './check-schema.ts';

const broken: unknown[] = [];
const check = makeCheckSchema({ onBrokenSchema: (error) => void broken.push(error), timeoutMs: 50 });
let types = 0;
const typeWith = (schema: unknown, version = 1, name = `type.${types++}`): EventType =>
  EventType.fromPartial({ name, version, schema: JSON.stringify(schema) });
const problemsOf = (type: EventType, data: unknown, tenantId = 'ten_1') => {
  try {
    check(tenantId, type, minifyJson(JSON.stringify(data)));
    return undefined;
  } catch (error) {
    if (error instanceof Fault && error.reason === 'SCHEMA_VIOLATION') return error.fields;
    throw error;
  }
};

describe('checking data against the schema of its type', () => {
  const order = typeWith({
    type: 'object',
    required: ['id', 'items'],
    properties: {
      id: { type: 'string', format: 'uuid' },
      items: { type: 'array', items: { properties: { price: { type: 'number' } }, additionalProperties: false } },
    },
  });

  test('lets through what fits, and everything where there is no schema', () => {
    expect(problemsOf(order, { id: 'b3a8b0c2-7a51-4f5e-9a43-0e3c7c2a9c11', items: [{ price: 1.5 }] })).toBeUndefined();
    check('ten_1', EventType.fromPartial({ name: 'free' }), minifyJson('[]'));
  });

  test('names every problem by its path', () => {
    expect(problemsOf(order, { id: 'x', items: [{ price: 1 }, { price: '1', tax: 2 }] })).toEqual([
      { path: 'data/id', message: 'must match format "uuid"' },
      { path: 'data/items/1', message: 'must NOT have additional properties: tax' },
      { path: 'data/items/1/price', message: 'must be number' },
    ]);
    expect(problemsOf(order, {})?.map(({ path }) => path)).toEqual(['data', 'data']);
  });

  test('lists at most 20 problems', () => {
    expect(problemsOf(typeWith({ items: { type: 'string' } }), Array(500).fill(1))).toHaveLength(20);
  });

  test('a new version is checked by the new schema', () => {
    expect(problemsOf(typeWith({ type: 'string' }, 1, 'same'), 1)).toHaveLength(1);
    expect(problemsOf(typeWith({ type: 'number' }, 2, 'same'), 1)).toBeUndefined();
  });

  test('two tenants may use the same $id for different schemas', () => {
    const id = 'https://example.com/order';
    expect(problemsOf(typeWith({ $id: id, type: 'string' }, 1, 'ided'), 'a', 'ten_1')).toBeUndefined();
    expect(problemsOf(typeWith({ $id: id, type: 'number' }, 1, 'ided'), 'a', 'ten_2')).toHaveLength(1);
    expect(problemsOf(typeWith({ $ref: id }), 'a', 'ten_3')).toHaveLength(1);
  });

  test.each([
    ['an exponential regular expression', { pattern: '^(a+)+$' }, `${'a'.repeat(60)}!`],
    ['a quadratic comparison', { uniqueItems: true }, Array.from({ length: 40_000 }, (_, n) => ({ n }))],
    ['a schema without end', { $ref: '#' }, 1],
  ])('%s ends at the time limit', (_name, schema, data) => {
    const startedAt = performance.now();
    expect(problemsOf(typeWith(schema), data)).toEqual([
      { path: 'data', message: 'takes too long to check against the schema' },
    ]);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  test.each([
    ['a broken one', { type: 'nonsense' }],
    ['an asynchronous one', { $async: true }],
    ['no schema', 7],
  ])('a schema that cannot be used refuses, and says so to us once: %s', (_name, schema) => {
    broken.length = 0;
    const type = typeWith(schema);
    expect(problemsOf(type, 1)).toEqual([{ path: 'data', message: 'cannot be checked: the schema is broken' }]);
    expect(problemsOf(type, 1)).toHaveLength(1);
    expect(broken).toHaveLength(1);
  });
});
