import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { apiKeyHint, newApiKey, sha256Hex } from './index.ts';

test('a new API key is recognisable, random, and kept as a hash', () => {
  const { key, hash, hint } = newApiKey(randomBytes);
  expect(key).toMatch(/^bw_live_[0-9a-f]{48}$/);
  expect(hash).toBe(sha256Hex(key));
  expect(hint).toBe(`bw_live_…${key.slice(-4)}`);
  expect(newApiKey(randomBytes).key).not.toBe(key);
});

test('the hint of a key that is not ours shows its end only', () => {
  expect(apiKeyHint('an-admin-key-that-somebody-chose-1234')).toBe('…1234');
});

test('sha256Hex is SHA-256 (FIPS 180-2, B.1)', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
