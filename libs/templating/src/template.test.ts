import { describe, expect, test } from '@jest/globals';
import { templateLimits } from './limits.ts';
import { expressionOf, templateProblems } from './template.ts';

const ofExpression = (expression: string) => templateProblems({ preset: '', expression });

describe('a payload template', () => {
  test.each(['slack', 'discord'])('may be the preset %s', (preset) => {
    expect(templateProblems({ preset, expression: '' })).toEqual([]);
    expect(ofExpression(expressionOf({ preset, expression: '' }))).toEqual([]);
  });

  test('may be an expression', () => {
    expect(ofExpression('{"text": data.amount}')).toEqual([]);
    expect(expressionOf({ preset: '', expression: 'data' })).toBe('data');
  });

  test('is one of the two', () => {
    const problem = [{ path: 'payload_template', message: 'must have either preset or expression' }];
    expect(templateProblems({ preset: '', expression: '' })).toEqual(problem);
    expect(templateProblems({ preset: 'slack', expression: 'data' })).toEqual(problem);
  });

  test.each(['teams', 'constructor', 'Slack'])('is no unknown preset %s', (preset) => {
    const message = 'must be one of slack, discord';
    expect(templateProblems({ preset, expression: '' })).toEqual([{ path: 'payload_template.preset', message }]);
    expect(() => expressionOf({ preset, expression: '' })).toThrow(preset);
  });

  test('says where the syntax is wrong', () => {
    expect(ofExpression('{"a": }')).toEqual([
      { path: 'payload_template.expression', message: expect.stringMatching(/JSONata.*\(at character \d+\)$/) },
    ]);
  });

  test.each([
    ['"a\u0000"', 'must not contain NUL'],
    ['"a\ud800"', 'must be valid Unicode, without half a surrogate pair'],
  ])('holds no text that cannot be kept: %j', (expression, message) => {
    expect(ofExpression(expression)).toEqual([{ path: 'payload_template.expression', message }]);
  });

  test('may have 16 KiB, counted in UTF-8, and however deep it goes is answered', () => {
    const full = `"${'é'.repeat(templateLimits.expressionBytes / 2 - 1)}"`;
    expect(ofExpression(full)).toEqual([]);
    expect(ofExpression(`${full} `)).toEqual([expect.objectContaining({ message: 'must be at most 16384 bytes' })]);
    const message = 'is not a JSONata expression: too deeply nested';
    expect(ofExpression('('.repeat(16_000))).toEqual([{ path: 'payload_template.expression', message }]);
    expect(ofExpression('['.repeat(8000) + ']'.repeat(8000)).length).toBeLessThanOrEqual(1);
  });
});
