import { describe, expect, test } from '@jest/globals';
import { Fault } from '@bellwire/errors';
import * as fc from 'fast-check';
import { masterKeyProblem, openKeyring, type SealContext } from './index.ts';

const oldKey = 'correct horse battery staple, and then some';
const newKey = '0123456789abcdef0123456789abcdef';
const context: SealContext = { tenantId: 'ten_1', endpointId: 'ep_1', purpose: 'signing_secret', version: 1 };
const keyring = openKeyring({ masterKey: oldKey });

const causeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Fault) || !(error.cause instanceof Error)) throw error;
    expect(error.message).toBe('INTERNAL: A stored secret cannot be opened.');
    return error.cause.message;
  }
  throw new Error('it opened');
};

describe('a keyring', () => {
  test('opens what it sealed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = keyring.seal(text, context);
        expect(keyring.open(sealed, { ...context })).toBe(text);
        expect(Buffer.from(sealed)).toHaveLength(93 + Buffer.byteLength(text));
      }),
    );
  });

  test('opens what the first release sealed', () => {
    const sealed = Buffer.from(
      '01f39e5b6cc29198103ed06991d0912888bdbb83433d6abfdc94e99d89dae7bb25c14cc1df77f95a15e7b9a3a29016c1bb3b8d28893225978b58b5d65d693ced0f00a5c905be01de7e3c785c0e5e02e80605fa1296de11e829ca450a0e4f0a90e8d9240d',
      'hex',
    );
    expect(keyring.open(sealed, context)).toBe('whsec_x');
  });

  test('opens bytes that are part of a larger buffer', () => {
    const sealed = keyring.seal('x', context);
    const larger = Buffer.concat([Buffer.alloc(7), sealed, Buffer.alloc(7)]);
    expect(keyring.open(new Uint8Array(larger.buffer, larger.byteOffset + 7, sealed.length), context)).toBe('x');
  });

  test('never seals twice alike, and leaves nothing in clear', () => {
    const [one, two] = [keyring.seal('the secret', context), keyring.seal('the secret', context)];
    expect(one).not.toEqual(two);
    expect(Buffer.from(one).includes('secret')).toBe(false);
  });

  test('writes version and kid in front, the same kid for the same key', () => {
    const head = (text: string) => Buffer.from(openKeyring({ masterKey: text }).seal('x', context).subarray(0, 5));
    expect(head(oldKey).toString('hex')).toBe('01f39e5b6c');
    expect(head(oldKey)).toEqual(head(oldKey));
    expect(head(oldKey)).not.toEqual(head(newKey));
  });

  test.each<[string, Partial<SealContext>]>([
    ['tenant', { tenantId: 'ten_2' }],
    ['endpoint', { endpointId: 'ep_2' }],
    ['purpose', { purpose: 'headers' }],
    ['version', { version: 2 }],
    ['split', { tenantId: 'ten_1ep_', endpointId: '1' }],
  ])('does not open it for another %s', (_, other) => {
    const sealed = keyring.seal('the secret', context);
    const cause = causeOf(() => keyring.open(sealed, { ...context, ...other }));
    expect(cause).toContain('it was changed, or sealed for another place');
    expect(cause).not.toContain('the secret');
  });

  test('does not open it with any bit changed, and names what it is about', () => {
    const sealed = keyring.seal('the secret', context);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.with(bit >> 3, (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
      expect(causeOf(() => keyring.open(changed, context))).toContain('signing_secret 1 of ten_1 ep_1');
    }
  });

  test('does not open what is cut off or of another format', () => {
    const sealed = keyring.seal('x', context);
    expect(causeOf(() => keyring.open(new Uint8Array(0), context))).toContain('it is cut off');
    expect(causeOf(() => keyring.open(sealed.subarray(0, 92), context))).toContain('it is cut off');
    expect(causeOf(() => keyring.open(sealed.subarray(0, 93), context))).toContain('it was changed');
    expect(causeOf(() => keyring.open(sealed.with(0, 9), context))).toContain('its format 9 is not known');
  });

  test('seals with the first of several master keys and opens with all', () => {
    const both = openKeyring({ masterKey: [newKey, oldKey] });
    const before = keyring.seal('x', context);
    expect(both.open(before, context)).toBe('x');
    expect(both.isCurrent(before)).toBe(false);
    const after = both.seal('x', context);
    expect(both.isCurrent(after)).toBe(true);
    expect(openKeyring({ masterKey: newKey }).open(after, context)).toBe('x');
    expect(causeOf(() => keyring.open(after, context))).toMatch(/its master key [0-9a-f]{8} is not given/);
  });
});

describe('a master key', () => {
  test.each([
    ['', 'a master key needs 32 characters or more, this one has 0'],
    ['short', 'a master key needs 32 characters or more, this one has 5'],
    ['k'.repeat(64), 'at least 5 different characters, this one has 1'],
    ['ab'.repeat(32), 'at least 5 different characters, this one has 2'],
  ])('"%s" is refused', (text, sentence) => {
    expect(masterKeyProblem(text)).toContain(sentence);
    expect(() => openKeyring({ masterKey: [newKey, text] })).toThrow(sentence);
  });

  test('is needed, and once only', () => {
    expect(masterKeyProblem(newKey)).toBeUndefined();
    expect(() => openKeyring({ masterKey: [] })).toThrow('there is no master key');
    expect(() => openKeyring({ masterKey: [newKey, newKey] })).toThrow('a master key is given twice');
  });
});
