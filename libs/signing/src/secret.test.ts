import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  github,
  newSecret,
  prepareKey,
  secretProblem,
  standardWebhooks,
  standardWebhooksAsymmetric,
  verificationSecret,
} from './index.ts';

const whsec = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

describe('secrets', () => {
  test.each([24, 32, 64])('of the standard profile have %i bytes', (bytes) => {
    expect(secretProblem(standardWebhooks, whsec(bytes))).toBeUndefined();
  });

  test.each([
    ['', 'empty'],
    ['whsec_', 'the prefix alone'],
    [whsec(23), '23 bytes'],
    [whsec(65), '65 bytes'],
    [whsec(24).slice(6), 'no prefix'],
    [`${whsec(24)}!`, 'no base64'],
    [whsec(25).replace('=', ''), 'no padding'],
  ])('%s: refused, %s', (text) => {
    const message = 'must be whsec_ and base64 of 24 to 64 bytes';
    expect(secretProblem(standardWebhooks, text)).toEqual({ path: 'secret', message });
    expect(() => prepareKey(standardWebhooks, text)).toThrow(`secret: ${message}`);
  });

  test('that are any text need one character', () => {
    expect(secretProblem(github, '', 'x.secret')).toEqual({
      path: 'x.secret',
      message: 'must have 1 to 512 characters',
    });
    expect(secretProblem(github, 'your-secret-key')).toBeUndefined();
  });

  test.each(['  ', 'a\u0000b', 'a\ud800'])('that nobody could keep or see are refused: %j', (text) => {
    expect(secretProblem(github, text)).toMatchObject({ path: 'secret' });
  });

  test('that are new have the form of their profile', () => {
    expect(newSecret('standard', randomBytes)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(newSecret(github, randomBytes)).toMatch(/^[0-9a-f]{64}$/);
    const pair = newSecret(standardWebhooksAsymmetric, randomBytes);
    expect(secretProblem(standardWebhooksAsymmetric, pair)).toBeUndefined();
    const forReceivers = verificationSecret(standardWebhooksAsymmetric, pair);
    expect(forReceivers).toMatch(/^whpk_/);
    expect(secretProblem(standardWebhooksAsymmetric, forReceivers)).toBeUndefined();
    expect(verificationSecret(github, 'x')).toBe('x');
  });

  test('of a pair whose halves do not belong together are refused', () => {
    const [one, two] = [1, 2].map((byte) => newSecret(standardWebhooksAsymmetric, () => Buffer.alloc(32, byte)));
    const half = (text = '') => Buffer.from(text.slice(5), 'base64');
    const mixed = `whsk_${Buffer.concat([half(one).subarray(0, 32), half(two).subarray(32)]).toString('base64')}`;
    expect(secretProblem(standardWebhooksAsymmetric, mixed)?.message).toContain('does not belong');
    expect(secretProblem(standardWebhooksAsymmetric, 'whpk_AAAA')?.message).toContain('32 bytes');
  });
});
