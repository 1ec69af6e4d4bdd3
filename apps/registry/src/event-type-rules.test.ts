import { describe, expect, test } from '@jest/globals';
import { eventTypeProblems } from './event-type-rules.ts';

const pathsOf = (parts: { name?: string; description?: string; schema?: unknown; example?: unknown }) => {
  const text = (value: unknown) =>
    value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  const { name = 'order.paid', description = '', schema, example } = parts;
  return eventTypeProblems({ name, description, schema: text(schema), example: text(example) }).map(({ path }) => path);
};

describe('an event type', () => {
  test.each([
    ['only a name', {}],
    ['an example', { example: { a: 1 } }],
    ['a schema and an example of it', { schema: { type: 'object', required: ['a'] }, example: { a: 1 } }],
    ['a format', { schema: { type: 'string', format: 'email' }, example: '"a@example.com"' }],
    ['a $ref within the document', { schema: { $defs: { a: { type: 'number' } }, $ref: '#/$defs/a' }, example: '1' }],
    ['the name of its draft', { schema: { $schema: 'https://json-schema.org/draft/2020-12/schema' } }],
    ['keywords of its own', { schema: { 'x-owner': 'billing', type: 'object' } }],
  ])('may have %s', (_, parts) => {
    expect(pathsOf(parts)).toEqual([]);
  });

  test.each<[string, Parameters<typeof pathsOf>[0], string[]]>([
    ['an empty name', { name: '' }, ['name']],
    ['a name with a blank', { name: 'a b' }, ['name']],
    ["a name of Bellwire's own", { name: 'bellwire.endpoint.disabled' }, ['name']],
    ['a schema that is no JSON', { schema: '{' }, ['schema']],
    ['a schema that is a list', { schema: [] }, ['schema']],
    [
      'a schema that breaks the meta-schema',
      { schema: { properties: { a: { type: 'nothing' } } } },
      ['schema.properties.a.type'],
    ],
    ['a pattern that is no regular expression', { schema: { pattern: '(' } }, ['schema']],
    ['a $ref to elsewhere', { schema: { $ref: 'https://example.com/schema.json' } }, ['schema']],
    ['a $ref to nothing', { schema: { $ref: '#/$defs/none' } }, ['schema']],
    ['another draft', { schema: { $schema: 'http://json-schema.org/draft-07/schema#' } }, ['schema.$schema']],
    ['an asynchronous schema', { schema: { $async: true } }, ['schema.$async']],
    ['an over-long schema', { schema: { description: 'x'.repeat(70_000) } }, ['schema']],
    ['an example that is no JSON', { example: '{' }, ['example']],
    [
      'an example that breaks the schema',
      { schema: { properties: { a: { type: 'number' } } }, example: { a: 'x' } },
      ['example.a'],
    ],
  ])('is refused for %s', (_, parts, paths) => {
    expect([...new Set(pathsOf(parts))]).toEqual(paths);
  });

  test('does not remember the $id of another', () => {
    const schema = { $id: 'https://example.com/a', type: 'object' };
    expect(pathsOf({ schema })).toEqual([]);
    expect(pathsOf({ schema })).toEqual([]);
    expect(pathsOf({ schema: { $ref: 'https://example.com/a' } })).toEqual(['schema']);
  });
});
