import { describe, expect, test } from '@jest/globals';
import { Fault } from '@bellwire/errors';
import * as fc from 'fast-check';
import { compileFilter } from './index.ts';

const faultOf = (filter: unknown): Fault => {
  try {
    compileFilter(filter);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('the filter was accepted');
};

const nested = (depth: number): unknown => (depth === 0 ? { type: 'x' } : { $and: [nested(depth - 1)] });

describe('a filter that cannot be read names the place', () => {
  test.each<[unknown, string, string]>([
    [{ 'data.amount': { $gtt: 1 } }, 'filter.data.amount.$gtt', 'unknown operator; use one of $eq, $ne, $in'],
    [{ 'data.a': { $regex: '(a+)+' } }, 'filter.data.a.$regex', 'this operator is not available'],
    [{ $where: 'true' }, 'filter.$where', 'this operator is not available'],
    [{ $xor: [] }, 'filter.$xor', 'unknown operator; use one of $and, $or, $nor'],
    [{ $gt: 5 }, 'filter.$gt', 'stands under a field'],
    [{ 'data.a': { $or: [] } }, 'filter.data.a.$or', 'stands beside fields'],
    [{ 'data.a': { $gt: 1, b: 2 } }, 'filter.data.a.b', 'cannot stand beside an operator'],
    [{ 'data.a': { b: { $gt: 1 } } }, 'filter.data.a.b.$gt', 'an operator goes under a dotted path'],
    [{ 'data.a': {} }, 'filter.data.a', 'must name an operator'],
    [{ 'data.a': { $not: 5 } }, 'filter.data.a.$not', 'takes an object of operators'],
    [{ 'data.a': { $not: { $foo: 5 } } }, 'filter.data.a.$not.$foo', 'unknown operator'],
    [{ 'data.a': { $in: 'x' } }, 'filter.data.a.$in', 'takes a list'],
    [{ 'data.a': { $in: [] } }, 'filter.data.a.$in', 'takes a list of at least one'],
    [{ 'data.a': { $all: [{ b: 1 }] } }, 'filter.data.a.$all', 'takes a list'],
    [{ 'data.a': { $gt: null } }, 'filter.data.a.$gt', 'takes a number or a text'],
    [{ 'data.a': { $exists: 1 } }, 'filter.data.a.$exists', 'takes true or false'],
    [{ 'data.a': { $prefix: 1 } }, 'filter.data.a.$prefix', 'takes a text'],
    [{ $or: [] }, 'filter.$or', 'takes a list of at least one filter'],
    [{ $and: [{ type: 'x' }, { $or: [5] }] }, 'filter.$and[1].$or[0]', 'must be an object'],
    [{ amount: 5 }, 'filter.amount', 'must begin with one of id, type, subject, data'],
    [{ 'data..a': 5 }, 'filter.data..a', 'empty segments'],
    [{ 'data.__proto__.a': 5 }, 'filter.data.__proto__.a', 'cannot be used'],
    [{ 'data.constructor.name': 'Object' }, 'filter.data.constructor.name', 'cannot be used'],
    [JSON.parse('{"__proto__": {"x": 1}}'), 'filter.__proto__', 'cannot be used'],
    [JSON.parse('{"data.a": {"__proto__": 1}}'), 'filter.data.a.__proto__', 'cannot be used'],
    [{ 'data.a': Number.NaN }, 'filter.data.a', 'cannot be written as JSON'],
    [{ 'data.a': { $gt: Number.NaN } }, 'filter.data.a.$gt', 'cannot be written as JSON'],
    [{ 'data.a': { $in: [Number.POSITIVE_INFINITY] } }, 'filter.data.a.$in', 'takes a list'],
    [{ 'data.a': () => true }, 'filter.data.a', 'cannot be written as JSON'],
    [{ 'data.a': /x/ }, 'filter.data.a', 'cannot be written as JSON'],
    [{ 'data.a': new Date() }, 'filter.data.a', 'cannot be written as JSON'],
    [{ 'data.a': undefined }, 'filter.data.a', 'cannot be written as JSON'],
    [{ 'data.a': 'x\u0000' }, 'filter.data.a', 'must not contain NUL'],
    [{ 'data.a': { $in: ['x', '\u0000'] } }, 'filter.data.a.$in[1]', 'must not contain NUL'],
    [{ 'data.a': { b: { c: '\ud800' } } }, 'filter.data.a.b.c', 'half a surrogate pair'],
    [{ 'data.a': { 'b\u0000': 1 } }, 'filter.data.a', 'a name must not contain NUL'],
    [{ 'data.a\udc00': 1 }, 'filter', 'half a surrogate pair'],
    [{ cel: 'event.type == "\u0000"' }, 'filter.cel', 'must not contain NUL'],
    [[], 'filter', 'must be an object'],
    ['x', 'filter', 'must be an object'],
    [{ cel: 5 }, 'filter.cel', 'must be a text'],
    [{ cel: 'true', type: 'x' }, 'filter.type', 'cannot stand beside cel'],
  ])('%j', (filter, path, message) => {
    const fault = faultOf(filter);
    expect(fault.reason).toBe('INVALID_FILTER');
    expect(fault.fields).toEqual([{ path, message: expect.stringContaining(message) }]);
    expect(fault.detail).toContain(path);
  });

  test('every place is named, up to twenty', () => {
    expect(faultOf({ a: 1, b: 2, 'data.c': { $x: 1 } }).fields.map(({ path }) => path)).toEqual([
      'filter.a',
      'filter.b',
      'filter.data.c.$x',
    ]);
    const many = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`x${i}`, 1]));
    expect(faultOf(many).fields).toHaveLength(20);
  });
});

describe('limits', () => {
  test('ten levels', () => {
    expect(() => compileFilter(nested(8))).not.toThrow();
    expect(faultOf(nested(10)).detail).toContain('more than 10 levels');
    const deep: unknown = JSON.parse('{"a":'.repeat(5000) + '1' + '}'.repeat(5000));
    expect(faultOf({ 'data.a': deep }).detail).toContain('more than 10 levels');
    const cycle: Record<string, unknown> = {};
    cycle['a'] = cycle;
    expect(faultOf({ 'data.a': cycle }).detail).toContain('more than 10 levels');
  });

  test('a hundred fields and operators, five hundred values, 16 KiB', () => {
    const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`data.f${i}`, 1]));
    expect(() => compileFilter(fields(100))).not.toThrow();
    expect(faultOf(fields(101)).detail).toContain('more than 100 fields');
    const list = (count: number) => ({ 'data.a': { $in: Array.from({ length: count }, (_, i) => i) } });
    expect(() => compileFilter(list(490))).not.toThrow();
    expect(faultOf(list(100_000)).detail).toContain('more than 500 values');
    expect(faultOf({ 'data.a': 'ä'.repeat(8200) }).detail).toContain('larger than 16384 bytes');
  });
});

test('nothing but an INVALID_FILTER comes out of what strangers write', () => {
  const operator = fc.constantFrom(
    '$eq',
    '$in',
    '$not',
    '$all',
    '$or',
    '$and',
    '$nor',
    '$prefix',
    '$exists',
    'data.a',
    'x',
    'cel',
  );
  const filter = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue(),
      fc.dictionary(operator, tie('node')),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  })).node;
  fc.assert(
    fc.property(filter, fc.jsonValue(), (json, data) => {
      try {
        compileFilter(json).evaluate({ id: '', type: '', data, occurred_at: '', accepted_at: '' });
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
        expect(error).toHaveProperty('reason', 'INVALID_FILTER');
      }
    }),
    { numRuns: 2000 },
  );
});
