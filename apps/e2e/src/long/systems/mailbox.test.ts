import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openMailbox, type Mailbox } from './mailbox.ts';
import { systems } from './systems.ts';

const secret = 'a secret';
const fields = { event: 'resume.parsed', timestamp: '2024-11-14T10:05:00.000Z', userId: 'user_1', data: { n: 1 } };
let mailbox: Mailbox;

beforeEach(async () => {
  const system = systems.find(({ dialect }) => dialect === 'roleready');
  if (system === undefined) throw new Error('there is no such system');
  const isPublished = (type: string, data: string): boolean => type === 'resume.parsed' && data === '{"n":1}';
  mailbox = await openMailbox({ system, owner: 'user_1', isPublished });
  mailbox.verify('user_1', secret);
  mailbox.verify('user_2', secret);
});

afterEach(() => mailbox.close());

interface Sent {
  user?: string;
  key?: string;
  id?: string;
  headers?: Record<string, string>;
  body?: Record<string, unknown>;
}

const send = async ({ user = 'user_1', key = secret, id = 'a', headers = {}, body = {} }: Sent): Promise<number> => {
  const deliveryId = `12345678-1234-8234-8234-12345678901${id}`;
  const text = JSON.stringify({ ...fields, deliveryId, ...body });
  const { status } = await fetch(mailbox.url(user), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'RoleReady-Webhook/1.0',
      'x-webhook-event': 'resume.parsed',
      'x-webhook-delivery-id': deliveryId,
      'x-webhook-signature': createHmac('sha256', key).update(text).digest('hex'),
      ...headers,
    },
    body: text,
  });
  return status;
};

test('what is right is counted once, and a repeat as one', async () => {
  expect([await send({}), await send({}), await send({ id: 'b' })]).toEqual([200, 200, 200]);
  expect(mailbox.arrivals).toMatchObject({ arrived: 3, distinct: 2 });
  expect(mailbox.counts).toEqual({ rejected: 0, malformed: 0, astray: 0, tests: 0 });
});

test('what the code of the document refuses is rejected, whether it says so or fails', async () => {
  expect(await send({ key: 'another secret' })).toBe(401);
  expect(await send({ headers: { 'x-webhook-signature': 'short' } })).toBe(500);
  expect(await send({ user: 'user_3' })).toBe(500);
  expect(mailbox.counts.rejected).toBe(3);
  expect(mailbox.arrivals.arrived).toBe(0);
});

test.each<[string, Sent]>([
  ['a user agent that is not documented', { headers: { 'user-agent': 'Bellwire/1.0' } }],
  ['two types', { headers: { 'x-webhook-event': 'resume.parse_failed' } }],
  ['two ids', { headers: { 'x-webhook-delivery-id': '12345678-1234-8234-8234-12345678901f' } }],
  ['another member', { body: { extra: 1 } }],
  ['another subject', { body: { userId: 'user_2' } }],
  ['data that was not published', { body: { data: { n: 2 } } }],
])('%s is malformed, although the signature is right', async (_, sent) => {
  expect(await send(sent)).toBe(200);
  expect(mailbox.counts).toMatchObject({ rejected: 0, malformed: 1 });
  expect(mailbox.arrivals.arrived).toBe(0);
  expect(mailbox.complaint).not.toBeUndefined();
});

test('an event for another user is astray, a test is not', async () => {
  await send({ user: 'user_2' });
  await send({ user: 'user_2', body: { userId: 'user_2', data: { test: true } } });
  expect(mailbox.counts).toEqual({ rejected: 0, malformed: 0, astray: 1, tests: 1 });
});
