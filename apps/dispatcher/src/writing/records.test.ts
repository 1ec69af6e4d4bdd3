import { describe, expect, test } from '@jest/globals';
import { Attempt, AuditRecord, DeadLetterRecord, DeliveryRecord } from '@bellwire/contracts';
import { fitsRecord, maxRecordBytes, sizeOfRecord } from '@bellwire/messaging';
import { attemptRecord, deadLetterRecord, hasRoomToGrow, toDeliveries, toTier } from './records.ts';

const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
const longText = 'ü'.repeat(maxRecordBytes);

const delivery = (bodyBytes: number, fields: Partial<DeliveryRecord> = {}): DeliveryRecord =>
  DeliveryRecord.fromPartial({
    tenantId: 'ten_1',
    endpointId: 'ep_1',
    eventId: 'evt_1',
    deliveryId: '0199c82c-c89a-85a7-bb74-25b2f97c5ad3',
    body: Buffer.alloc(bodyBytes),
    round: 1,
    attempt: 1,
    ...fields,
  });

describe('a record that would be larger than the log takes', () => {
  test('of an attempt is cut, and keeps what the delivery has come to', () => {
    const attempt = Attempt.fromPartial({
      attemptId: 'atm_1',
      deliveryId: 'd',
      number: 3,
      responseStatus: 500,
      responseBody: longText,
      responseHeaders: { a: 'b', large: longText },
      error: longText,
    });
    const record = attemptRecord(attempt, headers);
    expect(fitsRecord(record)).toBe(true);
    expect(AuditRecord.decode(record.value ?? Buffer.alloc(0)).record).toMatchObject({
      $case: 'attempt',
      value: { attemptId: 'atm_1', number: 3, responseStatus: 500, responseHeaders: { a: 'b' } },
    });
  });

  test('of a dead letter goes without its body', () => {
    const letter = { reason: 'deadline', atMs: 1, attemptCount: 2, error: longText } as const;
    const record = deadLetterRecord(delivery(maxRecordBytes - 300), letter, headers);
    expect(fitsRecord(record)).toBe(true);
    expect(DeadLetterRecord.decode(record.value ?? Buffer.alloc(0)).letter).toMatchObject({
      value: { reason: 'deadline', attemptCount: 2, delivery: { endpointId: 'ep_1', body: Buffer.alloc(0) } },
    });
  });

  test('is none at any later step of a delivery that was begun', () => {
    const spare = sizeOfRecord(toDeliveries(delivery(0), headers));
    const last = [1, 10, 100, 1000, 4100].map((less) => delivery(maxRecordBytes - spare - less));
    const largest = last.find((each) => hasRoomToGrow(toDeliveries(each, headers)));
    if (largest === undefined) throw new Error('none has room');
    const grown = {
      ...largest,
      attempt: 4_294_967_295,
      roundFirstAttempt: 4_294_967_295,
      dueAtMs: Number.MAX_SAFE_INTEGER,
      slotAtMs: Number.MAX_SAFE_INTEGER,
      spills: 4_294_967_295,
      waitReason: 'endpoint_unreadable',
      counted: true,
      endpointSubject: '漢'.repeat(255),
    };
    const tiers = [{ name: '1s', delayMs: 1000 }];
    expect(fitsRecord(toTier(tiers, grown, Number.MAX_SAFE_INTEGER, headers))).toBe(true);
  });
});
