import { describe, expect, test } from '@jest/globals';
import { Delivery, DeliveryRecord, DeliveryStatus, EndpointState } from '@bellwire/contracts';
import type { Principal } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import { makeCancel } from './cancel.ts';

const hourMs = 60 * 60 * 1000;
const acceptedAt = new Date(1_700_000_000_000);

const user = (parts: { subject?: string; scopes?: string[] } = {}): Principal => ({
  kind: 'tenant',
  keyId: 'key_1',
  tenantId: 'ten_1',
  scopes: new Set(parts.scopes ?? ['deliveries:redeliver']),
  subject: parts.subject,
});

/** Cancels a delivery that history has as `known`. */
const cancel = async (known: Partial<Delivery>, principal = user(), ofEndpoint: string | undefined = 'user_1') => {
  const written: NewRecord[] = [];
  const asked: string[] = [];
  const call = makeCancel({
    history: {
      delivery: async (tenantId, id) => {
        asked.push(`${tenantId} ${id}`);
        return Delivery.fromPartial({
          id,
          eventId: 'evt_1',
          eventType: 'order.paid',
          endpointId: 'ep_1',
          subject: 'user_1',
          endpointSubject: 'user_1',
          status: DeliveryStatus.RETRYING,
          round: 2,
          attemptCount: 3,
          createdAt: acceptedAt,
          ...known,
        });
      },
      event: () => Promise.reject(new Error('unused')),
    },
    view: {
      endpoint: () => EndpointState.fromPartial({ endpoint: { id: 'ep_1', subject: ofEndpoint } }),
    },
    append: async (records) => void written.push(...records),
    clock: { now: () => 1000 },
    maxDeadlineMs: hourMs,
  });
  const answer = await call({ deliveryId: 'd1' }, { principal, namedTenant: undefined, signal: AbortSignal.abort() });
  return { answer, asked, written };
};

const refused = (reason: string) => expect.objectContaining({ reason });

describe('cancelling a delivery', () => {
  test('sends the order the way of the delivery, without a body', async () => {
    const { answer, asked, written } = await cancel({});
    expect(answer).toEqual({});
    expect(asked).toEqual(['ten_1 d1']);
    expect(written).toMatchObject([{ topic: topicNames.deliveries, key: 'ep_1' }]);
    const order = DeliveryRecord.decode(written[0]?.value ?? new Uint8Array());
    expect(order).toEqual({
      ...DeliveryRecord.fromPartial({}),
      tenantId: 'ten_1',
      deliveryId: 'd1',
      endpointId: 'ep_1',
      eventId: 'evt_1',
      eventType: 'order.paid',
      subject: 'user_1',
      endpointSubject: 'user_1',
      round: 2,
      attempt: 4,
      acceptedAtMs: acceptedAt.getTime(),
      deadlineAtMs: 1000 + 25 * hourMs,
      cancel: true,
      body: order.body,
    });
    expect(order.body).toHaveLength(0);
  });

  test.each(['DELIVERED', 'DEAD_LETTERED', 'SKIPPED', 'CANCELLED'] as const)(
    'that is %s is refused, with its status',
    async (word) => {
      const fault = await cancel({ status: DeliveryStatus[word] }).catch((error: unknown) => error);
      expect(fault).toEqual(refused('WRONG_STATE'));
      expect(fault instanceof Fault ? fault.message : '').toContain(word.toLowerCase());
    },
  );

  test.each(['PENDING', 'HELD', 'RETRYING'] as const)('that is %s is accepted', async (word) => {
    expect((await cancel({ status: DeliveryStatus[word] })).written).toHaveLength(1);
  });

  test('needs the scope of a redelivery, and the subject of the endpoint, then and now', async () => {
    await expect(cancel({}, user({ scopes: ['deliveries:read'] }))).rejects.toEqual(refused('MISSING_SCOPE'));
    await expect(cancel({}, user({ subject: 'user_2' }))).rejects.toEqual(refused('NOT_FOUND'));
    expect((await cancel({}, user({ subject: 'user_1' }))).written).toHaveLength(1);
    const tenantWide = cancel({ endpointSubject: undefined }, user({ subject: 'user_1' }));
    await expect(tenantWide).rejects.toEqual(refused('NOT_FOUND'));
    const givenAway = cancel({}, user({ subject: 'user_1' }), 'user_2');
    await expect(givenAway).rejects.toEqual(refused('NOT_FOUND'));
    expect((await cancel({ endpointSubject: undefined }, user())).written).toHaveLength(1);
  });
});
