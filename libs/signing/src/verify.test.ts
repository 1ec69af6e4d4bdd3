import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import {
  convoyAdvanced,
  github,
  newSecret,
  outpost,
  prepareKey,
  sign,
  standardWebhooks,
  standardWebhooksAsymmetric,
  stripe,
  verify,
  type ReceivedHeaders,
  type SignatureProfile,
  type SignedMessage,
} from './index.ts';

const now = 1_800_000_000;
const body = Buffer.from('{"a":1}');
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const key = prepareKey(standardWebhooks, secret);
const message = { id: 'evt_1', timestampSeconds: now, body };
const asRecord = (profile: SignatureProfile, signed: SignedMessage, keys = [key]): Record<string, string> =>
  Object.fromEntries(sign(profile, signed, keys).map(({ name, value }) => [name, value]));
const good = asRecord(standardWebhooks, message);
const check = (headers: ReceivedHeaders, nowSeconds = now) =>
  verify(standardWebhooks, body, headers, [key], { nowSeconds });

describe('verify, Standard Webhooks', () => {
  test('accepts what was signed, whatever the case of the names', () => {
    expect(check(good)).toEqual({ ok: true });
    expect(check(Object.fromEntries(Object.entries(good).map(([name, value]) => [name.toUpperCase(), value])))).toEqual(
      {
        ok: true,
      },
    );
  });

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('refuses a request without %s', (name) => {
    expect(check({ ...good, [name]: undefined })).toEqual({ ok: false, reason: 'missing_header' });
    expect(check({ ...good, [name]: '' })).toEqual({ ok: false, reason: 'missing_header' });
  });

  test.each(['hello', '1.5', '-1', '12x', '01800000000', '1e9'])('refuses the timestamp %s', (timestamp) => {
    expect(check({ ...good, 'webhook-timestamp': timestamp })).toEqual({ ok: false, reason: 'malformed_header' });
  });

  test('refuses what is more than 5 minutes old or new, and nothing closer', () => {
    expect(check(good, now + 300)).toEqual({ ok: true });
    expect(check(good, now - 300)).toEqual({ ok: true });
    expect(check(good, now + 301)).toEqual({ ok: false, reason: 'too_old' });
    expect(check(good, now - 301)).toEqual({ ok: false, reason: 'too_new' });
  });

  const signature = good['webhook-signature'] ?? '';
  test.each([
    ['only the version', 'v1,'],
    ['the first characters', signature.slice(0, 8)],
    ['another version', signature.replace('v1,', 'v2,')],
    ['another signature', `v1,${Buffer.alloc(32).toString('base64')}`],
    ['no version', signature.slice(3)],
    ['no space between', `v1a,aaaa,${signature}`],
  ])('refuses %s', (_, value) => {
    expect(check({ ...good, 'webhook-signature': value })).toEqual({ ok: false, reason: 'no_match' });
  });

  test('passes over unknown versions before the good one', () => {
    expect(check({ ...good, 'webhook-signature': `v1, v1a,Zm9v v3,${signature} ${signature}` })).toEqual({ ok: true });
  });

  test('refuses another body, another id, and an id with a full stop', () => {
    expect(verify(standardWebhooks, Buffer.from('{"a":2}'), good, [key], { nowSeconds: now }).ok).toBe(false);
    expect(check({ ...good, 'webhook-id': 'evt_2' })).toEqual({ ok: false, reason: 'no_match' });
    expect(check({ ...good, 'webhook-id': 'evt.1' })).toEqual({ ok: false, reason: 'malformed_header' });
    expect(() => sign(standardWebhooks, { ...message, id: 'a.b' }, [key])).toThrow('must not contain "."');
  });

  test('looks at no more than 32 signatures', () => {
    const many = `${'v1,aaaa '.repeat(32)}${signature}`;
    expect(check({ ...good, 'webhook-signature': many })).toEqual({ ok: false, reason: 'no_match' });
  });
});

describe('several keys', () => {
  const secrets = [1, 2].map((byte) => newSecret('standard', () => Buffer.alloc(32, byte)));

  test('stand in one header, newest first, and a receiver may hold either', () => {
    const keys = secrets.map((text) => prepareKey(standardWebhooks, text));
    const headers = asRecord(standardWebhooks, message, keys);
    expect(headers['webhook-signature']).toMatch(/^v1,\S{44} v1,\S{44}$/);
    for (const each of keys) {
      expect(verify(standardWebhooks, body, headers, [each], { nowSeconds: now })).toEqual({ ok: true });
    }
    expect(check(headers)).toEqual({ ok: false, reason: 'no_match' });
    for (const text of secrets) expect(() => new Webhook(text).sign(message.id, new Date(), 'x')).not.toThrow();
  });

  test('are joined as each convention says', () => {
    const keys = ['a', 'b'].map((text) => prepareKey(github, text));
    const value = (profile: SignatureProfile) => asRecord(profile, message, keys)[profile.header.name];
    expect(value(stripe)).toMatch(/^t=1800000000,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
    expect(value(outpost)).toMatch(/^v0=[0-9a-f]{64},[0-9a-f]{64}$/);
    expect(value(github)).toMatch(/^sha256=[0-9a-f]{64}$/);
  });

  test('are needed', () => {
    expect(() => sign(github, message, [])).toThrow('There is no key to sign with.');
  });
});

test("Stripe's and Convoy's signatures differ though their headers look alike", () => {
  const keys = [prepareKey(stripe, 'x')];
  const headers = asRecord(convoyAdvanced, message, keys);
  const renamed = { 'stripe-signature': headers['X-Convoy-Signature'] };
  expect(verify(stripe, body, renamed, keys, { nowSeconds: now })).toEqual({ ok: false, reason: 'no_match' });
  expect(verify(convoyAdvanced, body, headers, keys, { nowSeconds: now })).toEqual({ ok: true });
});

test('a profile may sign headers', () => {
  const profile: SignatureProfile = { ...stripe, parts: ['timestamp', { header: 'ce-type' }, 'body'] };
  const keys = [prepareKey(profile, 'x')];
  const headers = { 'ce-type': 'task.done' };
  const sent = { ...headers, ...asRecord(profile, { ...message, headers }, keys) };
  expect(verify(profile, body, sent, keys, { nowSeconds: now })).toEqual({ ok: true });
  expect(verify(profile, body, { ...sent, 'ce-type': 'x' }, keys, { nowSeconds: now }).ok).toBe(false);
  expect(() => sign(profile, message, keys)).toThrow('The header ce-type is to be signed but is not sent.');
});

describe('properties', () => {
  const idText = fc.stringMatching(/^[A-Za-z0-9_]{1,40}$/);
  const key32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

  test('the reference library and we sign alike, and it accepts ours', () => {
    fc.assert(
      fc.property(idText, fc.json(), key32, (id, text, bytes) => {
        const whsec = newSecret('standard', () => bytes);
        const seconds = Math.floor(Date.now() / 1000);
        const signed = { id, timestampSeconds: seconds, body: Buffer.from(text) };
        const headers = asRecord(standardWebhooks, signed, [prepareKey(standardWebhooks, whsec)]);
        const reference = new Webhook(whsec);
        expect(headers['webhook-signature']).toBe(reference.sign(id, new Date(seconds * 1000), text));
        expect(reference.verify(text, headers)).toEqual(JSON.parse(text));
      }),
    );
  });

  test.each([standardWebhooks, standardWebhooksAsymmetric, stripe, outpost])(
    '$name: what is signed verifies, and not with a byte changed',
    (profile) => {
      fc.assert(
        fc.property(idText, fc.uint8Array({ minLength: 1 }), key32, fc.nat(), (id, bytes, seed, at) => {
          const keys = [
            prepareKey(
              profile,
              newSecret(profile, () => seed),
            ),
          ];
          const headers = asRecord(profile, { id, timestampSeconds: now, body: bytes }, keys);
          expect(verify(profile, bytes, headers, keys, { nowSeconds: now })).toEqual({ ok: true });
          const changed = bytes.with(at % bytes.length, (bytes[at % bytes.length] ?? 0) ^ 1);
          expect(verify(profile, changed, headers, keys, { nowSeconds: now })).toEqual({
            ok: false,
            reason: 'no_match',
          });
        }),
        { numRuns: 30 },
      );
    },
  );

  test('no header makes verify throw', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (id, timestamp, signature) => {
        const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
        expect(check(headers).ok).toBe(false);
        expect(verify(stripe, body, { 'Stripe-Signature': signature }, [key], { nowSeconds: now }).ok).toBe(false);
      }),
    );
  });
});
