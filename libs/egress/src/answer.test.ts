import { describe, expect, test } from '@jest/globals';
import { keptHeaders, keptText, parseRetryAfter, withoutControls } from './answer.ts';

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 0, 1);

  test.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['-5', 0],
    ['9'.repeat(30), 365 * 24 * 60 * 60 * 1000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Thu Jan  1 00:00:30 2026', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026', 2_026_000],
    ['2026-01-01T00:00:30Z', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s is %s', (value, expected) => expect(parseRetryAfter(value, now)).toBe(expected));
});

describe('what is kept of an answer', () => {
  test('shows controls instead of obeying them', () => {
    expect(withoutControls('a\u0000b\u001b[31m\tc\r\nd\u007f\u0085\u202e')).toBe('a␀b␛[31m\tc\r\nd␡\ufffd\ufffd');
  });

  test('joins several values, lower-cases names, keeps a hundred', () => {
    expect(keptHeaders({ 'X-A': ['1', '2'], b: 'x\u0000' })).toEqual({ 'x-a': '1, 2', b: 'x␀' });
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`h${i}`, '1']));
    expect(Object.keys(keptHeaders(many))).toHaveLength(100);
  });

  test('cuts no character in half and says that it was cut', () => {
    const bytes = new TextEncoder().encode('aé');
    expect(keptText([bytes.subarray(0, 2)], 2)).toBe('a\n… (cut after 2 bytes)');
    expect(keptText([bytes.subarray(0, 2), bytes.subarray(2)], undefined)).toBe('aé');
    expect(keptText([Uint8Array.of(0xff)], undefined)).toBe('\ufffd');
  });
});
