import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonRuleBroken, maxDepth, minifyJson } from './minify-json.ts';

const text = (json: string): string => minifyJson(json).text;

describe('minifying JSON', () => {
  test.each([
    [' { "a" : [ 1 , 2 ] } ', '{"a":[1,2]}'],
    ['{"b":1.0,"a":1e5,"c":-0,"d":1E+400}', '{"b":1.0,"a":1e5,"c":-0,"d":1E+400}'],
    ['[12345678901234567890, 0.10]', '[12345678901234567890,0.10]'],
    ['{"a":"\\u00e9 \\u0000 \\/", "b":"é  \t"}'.replace('\t', ''), '{"a":"\\u00e9 \\u0000 \\/","b":"é  "}'],
    ['{"a": 1, "a": 2, "2": 0, "1": 0}', '{"a":1,"a":2,"2":0,"1":0}'],
    ['"a \\" b \\\\" ', '"a \\" b \\\\"'],
    ['["\\\\\\" ,", "x"]', '["\\\\\\" ,","x"]'],
    ['\r\n\tnull\n', 'null'],
    ['{"a":"\\ud83d\\ude00 \\\\ud800"}', '{"a":"\\ud83d\\ude00 \\\\ud800"}'],
  ])('%j becomes %j', (json, minified) => expect(text(json)).toBe(minified));

  test('gives back the same string where nothing is to be left out', () => {
    const json = '{"a":"with spaces inside"}';
    expect(text(json)).toBe(json);
  });

  test('means the same for any JSON and any whitespace, and is as short as it can be', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 0, max: 8 }), (json, indent) => {
        const spaced = JSON.stringify(JSON.parse(json), null, indent);
        const compact = JSON.stringify(JSON.parse(json));
        expect(text(spaced)).toBe(compact);
        expect(JSON.parse(text(` ${json}\n`))).toEqual(JSON.parse(json));
        expect(text(json)).toBe(json);
      }),
    );
  });

  test('keeps every number as it was written', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?$/);
    fc.assert(
      fc.property(fc.array(digits), (numbers) =>
        expect(text(`[ ${numbers.join(' , ')} ]`)).toBe(`[${numbers.join(',')}]`),
      ),
    );
  });

  test.each([
    '',
    '{',
    '{"a":1}x',
    "{'a':1}",
    '[1,]',
    '\ufeff{}',
    'NaN',
    '"\u0001"',
    '"\ud800"',
    '"\\ud800"',
    '["\\udc00"]',
    '"\\ud83d x\\ude00"',
    '"\\ude00\\ud83d"',
  ])('refuses %j', (json) => expect(() => text(json)).toThrow(JsonRuleBroken));

  test('says where it is wrong, and does not repeat the data', () => {
    expect(() => text('{"a":1} secret')).toThrow('must be JSON text: wrong at character 8');
    expect(() => text('{"a": secret}')).toThrow(/^must be JSON text$/);
  });

  test('refuses what nests too deep', () => {
    const nested = (depth: number) => '[{"a":'.repeat(depth / 2) + '1' + '}]'.repeat(depth / 2);
    expect(text(nested(maxDepth))).toBe(nested(maxDepth));
    expect(() => text(nested(maxDepth + 2))).toThrow('deeper than 64');
    expect(() => text('['.repeat(100_000) + ']'.repeat(100_000))).toThrow('deeper than 64');
  });

  test('takes time in proportion to the length', () => {
    const hostile = (size: number) => [
      JSON.stringify('\\'.repeat(size)),
      JSON.stringify('"'.repeat(size)),
      `[${' '.repeat(size)}1]`,
      `[${'1 ,'.repeat(size)}1]`,
      JSON.stringify('\\u'.repeat(size)),
      `"${'\\ud83d\\ude00'.repeat(size)}"`,
    ];
    // A quadratic algorithm would need minutes.
    const startedAt = performance.now();
    for (const json of hostile(1_000_000)) text(json);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
