import { describe, expect, test } from '@jest/globals';
import { compileFilter, type EventDocument } from './index.ts';

const event: EventDocument = {
  id: 'evt_1',
  type: 'task.done',
  data: { amount: 120, tags: ['red', 'blue'], items: [{ n: 1 }, { n: 2 }], title: 'hello', nothing: null },
  occurred_at: '2026-01-02T00:00:00.000Z',
  accepted_at: '2026-01-02T00:00:01.000Z',
};
const cel = (expression: string) => compileFilter({ cel: expression });

describe('CEL filters', () => {
  test.each([
    ["event.data.amount > 100.0 && event.type.startsWith('task.')", true],
    ['event.data.amount > 100', true],
    ['int(event.data.amount) % 50 == 20', true],
    ["has(event.subject) && event.subject == 'user_1'", false],
    ["!has(event.data.missing) || event.data.missing == 'x'", true],
    ["event.data.tags.exists(t, t == 'red')", true],
    ["event.data.tags.exists(t, t == event.type || t.contains('lu'))", true],
    ['event.data.items.filter(i, i.n > 1).size() == 1', true],
    ["'blue' in event.data.tags", true],
    ["event.data['title'].lowerAscii() == 'hello'", true],
    ['event.data.nothing == null', true],
    ["timestamp(event.occurred_at) < timestamp('2027-01-01T00:00:00Z')", true],
    ["timestamp(event.accepted_at) - timestamp(event.occurred_at) < duration('2s')", true],
    ["{'a': 1}.a == 1 && [1, 2][0] == 1 && (true ? -1 < 0 : false)", true],
  ])('%s is %s', (expression, expected) => {
    expect(cel(expression).evaluate(event)).toEqual({ matches: expected });
  });

  test.each([
    ['event.data.missing == 1', 'No such key: missing'],
    ['event.data.amount % 2 == 0', 'no such overload'],
    ['event.data.constructor == null', 'No such key: constructor'],
    ['event.data.__proto__ == null', 'No such key: __proto__'],
    ['event.data.amount', 'neither true nor false'],
  ])('%s fails for the event: no match, with a reason', (expression, error) => {
    const result = cel(expression).evaluate(event);
    expect(result).toEqual({ matches: false, reason: 'filter_error', error: expect.stringContaining(error) });
    expect(cel(expression).matches(event)).toBe(false);
  });

  test.each([
    ['event.type ==', 'Unexpected token: EOF (at character 14)'],
    ['', 'Unexpected'],
    ['typo == 1', 'Unknown variable: typo'],
    ["event.typ == 'x'", 'No such key: typ'],
    ["event.type.begins('x')", 'the function begins() is not available'],
    ["event.type.matches('(a+)+$')", 'the function matches() is not available'],
    ['event.data.tags.map(t, t + t).size() == 1', 'the function map() is not available'],
    ['cel.bind(x, event.data, x.a == 1)', 'the function bind() is not available'],
    ['(event.data.a + event.data.a).exists(x, x == 1)', 'exists() goes over a list of the event'],
    ["event.data.a.split('').size() == 1", 'the function split() is not available'],
    ["duration(event.data.wait) > duration('1s')", 'duration() takes a text of at most 20 characters'],
    [`duration('${'9'.repeat(1900)}') > duration('1s')`, 'duration() takes a text of at most 20 characters'],
    ['1 + 1', 'must be true or false, and is of type int'],
    ['event.data.a.all(x, event.data.a.size() > 1)', 'inside a loop only event.id, event.type'],
    ["event.data.a.all(x, event['data'].size() > 1)", 'inside a loop only event.id'],
    ['event.data.a.all(x, x.all(y, y > 1))', 'cannot stand inside another'],
    ['event.data.a.contains(event.data.b)', 'contains() takes a text that is written in the filter'],
    [`event.type == '${'x'.repeat(2000)}'`, 'is longer than 2000 characters'],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, 'maxDepth'],
    ['event.constructor.constructor("return 1")()', 'Unexpected character'],
  ])('%s is refused', (expression, message) => {
    expect(() => cel(expression)).toThrow(expect.objectContaining({ reason: 'INVALID_FILTER' }));
    expect(() => cel(expression)).toThrow(message);
    expect(() => cel(expression)).toThrow('filter.cel: ');
  });

  test('an error does not carry a large value of the event with it', () => {
    const { error = '' } = cel('bool(event.data)').evaluate({ ...event, data: '9'.repeat(100_000) });
    expect(error.length).toBeLessThan(250);
  });

  test('the largest data a loop may meet takes well under a second', () => {
    const filter = cel('event.data.all(x, x >= 0) && event.data.exists(x, x == 99999)');
    const started = performance.now();
    expect(filter.matches({ ...event, data: Array.from({ length: 100_000 }, (_, i) => i) })).toBe(true);
    expect(performance.now() - started).toBeLessThan(2000);
    const huge = { ...event, data: Array.from({ length: 500_000 }, () => 1) };
    expect(filter.evaluate(huge).error).toBe('the data has too many values for a filter of this size');
  });
});
