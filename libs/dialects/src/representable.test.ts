import { describe, expect, test } from '@jest/globals';
import {
  aifai,
  checkRepresentable,
  cloudEvents,
  contribux,
  github,
  hub,
  isRepresentable,
  notely,
  roleReady,
  standard,
  stripe,
  warningOf,
  type Dialect,
} from './index.ts';

const can = (dialect: Dialect, text: string): boolean => isRepresentable(dialect, { text, value: JSON.parse(text) });

describe('data that a verifier writes anew', () => {
  test.each([
    '{"a":1.0}',
    '{"a":1e3}',
    '{"a":-0}',
    '{"a":12345678901234567890}',
    '{"a":"\\u00e9"}',
    '{"a":"\\/"}',
    '{"a":1,"a":2}',
    '{"b":1,"1":2}',
  ])('%s is not representable, where receivers do that', (text) => {
    for (const dialect of [roleReady, hub, notely]) expect(can(dialect, text)).toBe(false);
    for (const dialect of [standard, contribux]) expect(can(dialect, text)).toBe(true);
  });

  test.each(['{}', '{"a":1.5,"b":[null,true,"é\\n"],"c":{"__proto__":1}}', '"text"', '1e+21'])(
    '%s is representable',
    (text) => expect(can(hub, text)).toBe(true),
  );

  test('what is not plain ASCII calls for a warning, where a printed verifier refuses it', () => {
    for (const text of ['{"a":"é"}', '{"a":"\u007f"}']) {
      expect(warningOf(notely, text)).toContain('Python');
      expect(warningOf(roleReady, text)).toContain('ensure_ascii=False');
      expect(warningOf(hub, text)).toBeUndefined();
    }
    expect(warningOf(notely, '{"a":"plain ~"}')).toBeUndefined();
  });
});

describe('data that the bodies of a dialect have no place for is refused', () => {
  const refuses = (dialect: Dialect, text: string) =>
    expect(() => checkRepresentable(dialect, { text, value: JSON.parse(text) })).toThrow(
      expect.objectContaining({ reason: 'PAYLOAD_NOT_REPRESENTABLE', message: expect.stringContaining('an object') }),
    );
  const takes = (dialect: Dialect, text: string) =>
    expect(() => checkRepresentable(dialect, { text, value: JSON.parse(text) })).not.toThrow();

  test.each([aifai, contribux, roleReady, notely, github, stripe])('by $name: objects alone are taken', (dialect) => {
    for (const text of ['[]', '[{"id":1}]', '"text"', '1', 'true', 'null']) refuses(dialect, text);
    takes(dialect, '{}');
  });

  test('by hub: lists are taken too', () => {
    for (const text of ['"text"', '1', 'true', 'null']) refuses(hub, text);
    for (const text of ['{}', '[1]']) takes(hub, text);
  });

  test('by others: nothing', () => {
    for (const dialect of [standard, cloudEvents]) for (const text of ['[]', '"text"', 'null']) takes(dialect, text);
  });
});
