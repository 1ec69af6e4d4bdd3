import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compileFilter, eventDocument, parseFilter } from './index.ts';

const event = eventDocument({
  id: 'evt_1',
  type: 'opportunity.matched',
  subject: 'user_1',
  data: JSON.stringify({
    opportunity: { match_score: 0.87, difficulty: 'beginner', labels: ['bug', 'docs'], none: null },
    languages: ['TypeScript', 'Go'],
    items: [
      { sku: 'a', count: 1 },
      { sku: 'b', count: 5 },
    ],
  }),
  occurredAtMs: Date.UTC(2026, 0, 2),
  acceptedAtMs: Date.UTC(2026, 0, 3),
});

const score = 'data.opportunity.match_score';
const difficulty = 'data.opportunity.difficulty';

describe('operators', () => {
  test.each<[string, unknown, boolean]>([
    ['no filter', undefined, true],
    ['null', null, true],
    ['an empty filter', {}, true],
    ['equality', { [difficulty]: 'beginner' }, true],
    ['inequality of case', { [difficulty]: 'Beginner' }, false],
    ['fields side by side', { type: 'opportunity.matched', subject: 'user_2' }, false],
    ['$eq', { subject: { $eq: 'user_1' } }, true],
    ['$ne', { subject: { $ne: 'user_1' } }, false],
    ['$ne of a missing field', { 'data.x': { $ne: 1 } }, true],
    ['$gt', { [score]: { $gt: 0.87 } }, false],
    ['$gte', { [score]: { $gte: 0.87 } }, true],
    ['$lt and $gt', { [score]: { $gt: 0.5, $lt: 1 } }, true],
    ['$lte of a missing field', { 'data.x': { $lte: 1 } }, false],
    ['$gte of a time', { occurred_at: { $gte: '2026-01-02' } }, true],
    ['$gt of a text against a number', { [score]: { $gt: '0' } }, false],
    ['$in', { [difficulty]: { $in: ['beginner', 'advanced'] } }, true],
    ['$in with null, of a missing field', { 'data.x': { $in: [null] } }, true],
    ['$in of a missing field', { 'data.x': { $in: ['x'] } }, false],
    ['$nin of a missing field', { 'data.x': { $nin: ['x'] } }, true],
    ['$nin', { [difficulty]: { $nin: ['beginner'] } }, false],
    ['list overlap: $in over a list', { 'data.languages': { $in: ['Rust', 'Go'] } }, true],
    ['no overlap', { 'data.languages': { $in: ['Rust'] } }, false],
    ['$nin over a list', { 'data.languages': { $nin: ['Go'] } }, false],
    ['$all', { 'data.languages': { $all: ['Go', 'TypeScript'] } }, true],
    ['$all with one missing', { 'data.languages': { $all: ['Go', 'Rust'] } }, false],
    ['a member of a list', { 'data.languages': 'Go' }, true],
    ['a whole list', { 'data.languages': ['TypeScript', 'Go'] }, true],
    ['a field of members', { 'data.items.count': { $gt: 4 } }, true],
    ['a place in a list', { 'data.items.0.sku': 'a' }, true],
    ['$exists', { [score]: { $exists: true } }, true],
    ['$exists of null', { 'data.opportunity.none': { $exists: true } }, true],
    ['$exists false', { 'data.x.y': { $exists: false } }, true],
    ['$not', { [score]: { $not: { $gt: 0.9 } } }, true],
    ['$not over a list', { 'data.languages': { $not: { $in: ['Go'] } } }, false],
    ['$or', { $or: [{ subject: 'x' }, { [score]: { $gt: 0.5 } }] }, true],
    ['$and', { $and: [{ subject: 'x' }, { [score]: { $gt: 0.5 } }] }, false],
    ['$nor', { $nor: [{ subject: 'x' }, { subject: 'y' }] }, true],
    ['groups in groups', { $and: [{ $or: [{ subject: 'user_1' }] }, { $nor: [{ type: 'x' }] }] }, true],
    ['$prefix', { type: { $prefix: 'opportunity.' } }, true],
    ['$suffix', { type: { $suffix: '.matched' } }, true],
    ['$suffix that differs', { type: { $suffix: '.match' } }, false],
    ['$prefix of members', { 'data.languages': { $prefix: 'Type' } }, true],
    ['$prefix of a number', { [score]: { $prefix: '0' } }, false],
    ['not $prefix', { type: { $not: { $prefix: 'task.' } } }, true],
    ['only where the field is there', { $or: [{ 'data.x': { $exists: false } }, { 'data.x': { $gte: 1 } }] }, true],
  ])('%s', (_, filter, expected) => {
    expect(compileFilter(filter).evaluate(event)).toEqual({ matches: expected });
    expect(compileFilter(filter).matches(event)).toBe(expected);
  });

  test('a filter can be used again and does not change with what it was made from', () => {
    const json = { [difficulty]: { $in: ['beginner'] } };
    const filter = compileFilter(json);
    json[difficulty]?.$in.splice(0);
    for (let i = 0; i < 3; i++) expect(filter.matches(event)).toBe(true);
    expect(filter.matches({ ...event, data: null })).toBe(false);
    expect(filter.matches(event)).toBe(true);
  });
});

test('data that would hold up everybody else is not looked at', () => {
  const filter = compileFilter({ $or: Array.from({ length: 40 }, (_, i) => ({ 'data.list': { $gt: i + 5 } })) });
  const list = (length: number) => ({ ...event, data: { list: Array.from({ length }, () => 1) } });
  expect(filter.evaluate(list(10_000))).toEqual({ matches: false });
  expect(filter.evaluate(list(100_000))).toEqual({
    matches: false,
    reason: 'filter_error',
    error: 'the data has too many values for a filter of this size',
  });
});

test('data nested deeper than the stack is no match', () => {
  const data: unknown = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000));
  expect(compileFilter({ 'data.a': { $in: [1] } }).evaluate({ ...event, data }).reason).toBe('filter_error');
});

test('a filter kept as text is read back', () => {
  expect(parseFilter('').matches(event)).toBe(true);
  expect(parseFilter('{"subject":"user_2"}').matches(event)).toBe(false);
  expect(() => parseFilter('{')).toThrow('INVALID_FILTER: filter: is not JSON');
});

describe('properties', () => {
  const data = fc.dictionary(
    fc.constantFrom('a', 'b'),
    fc.oneof(fc.integer(), fc.array(fc.integer(), { maxLength: 4 })),
  );
  const values = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 4 });
  const over = (content: unknown) => ({ ...event, data: content });

  test('$nin is the opposite of $in, $not of what it holds, $nor of $or', () => {
    fc.assert(
      fc.property(data, values, fc.integer(), (content, list, bound) => {
        const says = (filter: unknown) => compileFilter(filter).matches(over(content));
        const contains = says({ 'data.a': { $in: list } });
        expect(says({ 'data.a': { $nin: list } })).toBe(!contains);
        expect(says({ 'data.a': { $not: { $in: list } } })).toBe(!contains);
        const either = [{ 'data.a': { $gt: bound } }, { 'data.b': { $in: list } }];
        expect(says({ $nor: either })).toBe(!says({ $or: either }));
        expect(says({ $and: either })).toBe(either.every(says));
        expect(says({ $or: either })).toBe(either.some(says));
      }),
    );
  });

  test('list overlap is what it says', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 })), values, (content, list) => {
        const overlaps = content.some((value) => list.includes(value));
        expect(compileFilter({ 'data.a': { $in: list } }).matches(over({ a: content }))).toBe(overlaps);
        const all = list.every((value) => content.includes(value));
        expect(compileFilter({ 'data.a': { $all: list } }).matches(over({ a: content }))).toBe(all);
      }),
    );
  });

  test('no data makes a filter throw', () => {
    const filter = compileFilter({
      $or: [
        { 'data.a.b': { $gt: 1, $not: { $all: [1, 2] } } },
        { 'data.b': { $prefix: 'x' } },
        { 'data.a': { $eq: {} } },
      ],
    });
    fc.assert(fc.property(fc.jsonValue(), (content) => expect(filter.evaluate(over(content)).error).toBeUndefined()));
  });
});
