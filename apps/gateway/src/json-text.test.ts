import { describe, expect, test } from '@jest/globals';
import { JsonText, membersOf, minify, writeJson } from './json-text.ts';

describe('membersOf', () => {
  test.each([
    ['{"data":1.0}', '1.0'],
    ['{"data":1e5}', '1e5'],
    ['{"data":-0.0E+2}', '-0.0E+2'],
    ['{"data":12345678901234567890}', '12345678901234567890'],
    ['{"data":null}', 'null'],
    ['{"data":true,"type":"a"}', 'true'],
    ['{"data":""}', '""'],
    ['{"data":"a b"}', '"a b"'],
    ['{"data":[]}', '[]'],
    ['{"data":{}}', '{}'],
    ['{"data":{"b":1,"a":2,"10":3,"9":4}}', '{"b":1,"a":2,"10":3,"9":4}'],
    ['{"data":{"a":1,"a":2}}', '{"a":1,"a":2}'],
    ['{"data":{"__proto__":{"x":1}}}', '{"__proto__":{"x":1}}'],
    ['{"data":"\\u00e9\\ud800 \\"}, {\\\\"}', '"\\u00e9\\ud800 \\"}, {\\\\"'],
    ['{"data":["]","}",{"data":"inner"}],"type":"a"}', '["]","}",{"data":"inner"}]'],
    ['{"other":{"data":1},"type":"data","data":2}', '2'],
    ['{"data":1,"type":"a","data":[2]}', '[2]'],
    ['{"d\\u0061ta":1.50}', '1.50'],
    ['{"data":"é 😀\u2028"}', '"é 😀\u2028"'],
  ])('finds in %s the text as written', (body, expected) => {
    expect(membersOf(body).texts.get('data')).toBe(expected);
  });

  test('drops the white space around tokens and keeps it within strings', () => {
    const body = ' {\r\n\t"type" : "a" ,\n "data" : { "b c" : [ 1.0 ,\t"x  \\" y" , { } ] , "a" : null }\n}\n';
    expect(membersOf(body).texts.get('data')).toBe('{"b c":[1.0,"x  \\" y",{}],"a":null}');
  });

  test.each(['{}', '{"type":"data"}', '{"other":{"data":1}}'])('finds nothing in %s', (body) => {
    expect(membersOf(body).texts.get('data')).toBeUndefined();
  });

  test('names what is given more than once, however it is escaped', () => {
    expect(membersOf('{"a":1,"b":{"c":1,"c":2},"\\u0061":2,"a":3}').repeated).toEqual(['a']);
    expect(membersOf('{"a":1,"b":["a","a"]}').repeated).toEqual([]);
  });

  test('survives nesting that would overflow a recursive parser', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(membersOf(`{"data":${deep}}`).texts.get('data')).toBe(deep);
  });
});

test('minify changes no value', () => {
  const value = { b: [1, { c: ' " \\ ' }], a: { '2': null, '1': true }, text: 'tab\t' };
  const pretty = JSON.stringify(value, undefined, 2);
  expect(minify(pretty)).toBe(JSON.stringify(value));
});

test('writeJson is JSON.stringify except that JSON text stays as it is', () => {
  const value = { a: [1, 'x', null, { b: true }], skipped: undefined, 'odd "name"': 0.5 };
  expect(writeJson(value)).toBe(JSON.stringify(value));
  expect(writeJson({ data: new JsonText('{"n":1.0}'), list: [new JsonText('1e5')] })).toBe(
    '{"data":{"n":1.0},"list":[1e5]}',
  );
});
