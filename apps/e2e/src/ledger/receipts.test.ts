import { describe, expect, test } from '@jest/globals';
import type { ReceivedRequest } from '@bellwire/testing';
import { Webhook } from 'standardwebhooks';
import { hashOf } from './intents.ts';
import { openReceipts, receiptOf } from './receipts.ts';

const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;
const body = '{"type":"order.paid","timestamp":"2026-01-02T03:04:05.678Z","data":{"n":1}}';

const requestAt = (sentAt: Date, changed: Partial<ReceivedRequest> = {}): ReceivedRequest => ({
  path: '/0',
  method: 'POST',
  headers: {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', sentAt, body),
  },
  rawHeaders: [],
  body: Buffer.from(body),
  bodyBytes: body.length,
  receivedAtMs: 1000,
  ...changed,
});
const signatureOf = (request: ReceivedRequest) => receiptOf(request, { endpoint: 0, secret, status: 200 }).signature;

describe('a receipt', () => {
  test('says what came: event, bytes, data, and what it was answered', () => {
    expect(receiptOf(requestAt(new Date()), { endpoint: 3, secret, status: undefined })).toEqual({
      endpoint: 3,
      eventId: 'evt_1',
      atMs: 1000,
      bodyHash: hashOf(body),
      dataHash: hashOf('{"n":1}'),
      signature: 'good',
      status: undefined,
    });
  });

  test('tells a signature that does not hold from one of another time', () => {
    const hourAgo = new Date(Date.now() - 3_600_000);
    expect(signatureOf(requestAt(new Date()))).toBe('good');
    expect(signatureOf(requestAt(hourAgo))).toBe('skewed');
    const changed = Buffer.from(body.replace('1}', '2}'));
    expect(signatureOf(requestAt(new Date(), { body: changed }))).toBe('bad');
    expect(signatureOf(requestAt(hourAgo, { body: changed }))).toBe('bad');
    expect(signatureOf(requestAt(new Date(), { headers: {} }))).toBe('bad');
  });

  test('counts as taken from the first 2xx on', () => {
    const receipts = openReceipts();
    const receipt = receiptOf(requestAt(new Date()), { endpoint: 0, secret, status: 503 });
    receipts.note(receipt);
    receipts.note({ ...receipt, status: undefined, atMs: 2000 });
    expect(receipts.taken).toBe(0);
    receipts.note({ ...receipt, status: 200, atMs: 3000 });
    receipts.note({ ...receipt, status: 200, atMs: 4000 });
    expect(receipts.taken).toBe(1);
    expect(receipts.firstTaken(0, 'evt_1')).toBe(3000);
    expect(receipts.firstTaken(1, 'evt_1')).toBeUndefined();
    expect(receipts.lastAtMs).toBe(4000);
  });
});
