import { describe, expect, test } from '@jest/globals';
import type { PublishRequest } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { checkEvent, type CheckEventOptions } from './check-event.ts';

const nowMs = Date.UTC(2026, 5, 1);
const check = (event: Partial<PublishRequest>, options: Partial<CheckEventOptions> = {}) =>
  checkEvent(
    { type: 'order.paid', data: '{}', actionUrls: {}, ...event },
    { nowMs, maxPayloadBytes: 1024, keySubject: undefined, ...options },
  );
const faultOf = (event: Partial<PublishRequest>, options: Partial<CheckEventOptions> = {}): Fault | undefined => {
  try {
    check(event, options);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
};
const paths = (event: Partial<PublishRequest>, options: Partial<CheckEventOptions> = {}) =>
  faultOf(event, options)?.fields.map(({ path }) => path) ?? [];
const urls = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, 'https://a.example/']));

describe('an event', () => {
  test('is taken with everything at its limit', () => {
    const id = '😀'.repeat(255);
    const event = {
      subject: id,
      idempotencyKey: id,
      orderingKey: id,
      actionUrls: urls(20),
      occurredAt: new Date(nowMs + 86_400_000),
    };
    expect(check({ ...event, data: `{ "a": 1 }` })).toMatchObject({ subject: id, data: { text: '{"a":1}' } });
  });

  test.each<[string, Partial<PublishRequest>]>([
    ['type', { type: 'order..paid' }],
    ['type', { type: '' }],
    ['type', { type: 'bellwire.endpoint.disabled' }],
    ['type', { type: 'bellwire.mine' }],
    ['data', { data: '' }],
    ['data', { data: '{' }],
    ['data', { data: '"\ud800"' }],
    ['subject', { subject: '' }],
    ['subject', { subject: 'a'.repeat(256) }],
    ['subject', { subject: 'a\ud800' }],
    ['subject', { subject: '\u0000' }],
    ['idempotency_key', { idempotencyKey: 'a\nb' }],
    ['idempotency_key', { idempotencyKey: 'a\u0000' }],
    ['ordering_key', { orderingKey: '\u0000b' }],
    ['action_urls', { actionUrls: { '\u0000': 'https://a.example/' } }],
    ['action_urls.open', { actionUrls: { open: 'https://a.example/\u0000' } }],
    ['ordering_key', { orderingKey: 'a\u0085b' }],
    ['occurred_at', { occurredAt: new Date(nowMs + 86_400_001) }],
    ['occurred_at', { occurredAt: new Date(Date.UTC(1999, 11, 31)) }],
    ['occurred_at', { occurredAt: new Date(Number.NaN) }],
    ['action_urls', { actionUrls: urls(21) }],
    ['action_urls', { actionUrls: { ['n'.repeat(65)]: 'https://a.example/' } }],
    ['action_urls.open', { actionUrls: { open: 'javascript:alert(1)' } }],
    ['action_urls.open', { actionUrls: { open: 'https://' } }],
    ['action_urls.open', { actionUrls: { open: `https://a.example/${'a'.repeat(2048)}` } }],
  ])('breaks a rule of %s', (path, event) => {
    expect(faultOf(event)).toMatchObject({ reason: 'INVALID_FIELD' });
    expect(paths(event)).toEqual([path]);
  });

  test('may have a type that only looks like one of Bellwire itself', () => {
    for (const type of ['bellwire', 'bellwires.x', 'my.bellwire.x']) expect(check({ type }).type).toBe(type);
  });

  test('is told every rule that it breaks', () => {
    expect(paths({ type: '!', data: 'x', subject: '', actionUrls: { a: 'b' } })).toEqual([
      'type',
      'subject',
      'action_urls.a',
      'data',
    ]);
  });

  test('may be as large as the limit, in bytes as published', () => {
    const spaced = (bytes: number) => `"é"${' '.repeat(bytes - 4)}`;
    expect(check({ data: spaced(1024) }).data.text).toBe('"é"');
    expect(faultOf({ data: spaced(1025) })).toMatchObject({
      reason: 'PAYLOAD_TOO_LARGE',
      detail: 'The data is over the limit of 1024 bytes.',
    });
  });

  test('of a key with a subject is about that subject', () => {
    expect(check({}, { keySubject: 'u1' }).subject).toBe('u1');
    expect(check({ subject: 'u1' }, { keySubject: 'u1' }).subject).toBe('u1');
    expect(paths({ subject: 'u2' }, { keySubject: 'u1' })).toEqual(['subject']);
  });
});
