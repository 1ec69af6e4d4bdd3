import { describe, expect, test } from '@jest/globals';
import { revealKept } from './next-endpoint.ts';
import { stillSigning } from './rotate-secret.ts';

describe('headers that come back as ***', () => {
  test('keep their value, by name without regard to case', () => {
    const { headers, problems } = revealKept({ 'x-a': '***', 'X-B': 'new' }, { 'X-A': 'one', 'X-C': 'three' });
    expect(headers).toEqual({ 'x-a': 'one', 'X-B': 'new' });
    expect(problems).toEqual([]);
  });

  test('are a problem where there is no value to keep', () => {
    expect(revealKept({ 'X-A': '***' }, {}).problems).toMatchObject([{ path: 'headers.X-A' }]);
  });
});

describe('after a rotation', () => {
  const secret = (version: number, expiresAtMs?: number) => ({ version, sealed: Buffer.alloc(0), expiresAtMs });

  test('the old secret signs until the overlap ends, and an older one no longer than before', () => {
    expect(stillSigning([secret(3), secret(2, 500), secret(1, 100)], 200, 1000)).toEqual([
      secret(3, 1000),
      secret(2, 500),
    ]);
  });

  test('without an overlap none is left', () => {
    expect(stillSigning([secret(2), secret(1, 500)], 200, 200)).toEqual([]);
  });

  test('four old ones at most are kept', () => {
    const many = [6, 5, 4, 3, 2, 1].map((version) => secret(version, 900));
    expect(stillSigning(many, 200, 1000).map(({ version }) => version)).toEqual([6, 5, 4, 3]);
  });
});
