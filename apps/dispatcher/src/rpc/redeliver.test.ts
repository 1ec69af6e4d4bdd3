import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Delivery, DeliveryRecord, DeliveryStatus, EndpointState, Event, Tenant } from '@bellwire/contracts';
import type { Principal } from '@bellwire/domain';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import { openKeyring } from '@bellwire/secrets';
import { makeCompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import { makeBodyFor } from './body-for.ts';
import { makeRedeliver } from './redeliver.ts';

const principal: Principal = {
  kind: 'tenant',
  keyId: 'key_1',
  tenantId: 'ten_1',
  scopes: new Set(['deliveries:redeliver']),
  subject: undefined,
};
const tenant = Tenant.fromPartial({ id: 'ten_1', dialect: 'standard' });
const endpoint = EndpointState.fromPartial({
  tenantId: 'ten_1',
  endpoint: { id: 'ep_1', enabled: true, subject: 'user_1' },
});

/** Redelivers a delivery that has this status in its history. */
const redeliver = async (status: DeliveryStatus, deadLetterOnly: boolean) => {
  const written: NewRecord[] = [];
  const view = { endpoint: () => endpoint, position: () => 7, catchUp: async () => undefined, tenant: () => tenant };
  const call = makeRedeliver({
    history: {
      delivery: async (_tenantId, id) =>
        Delivery.fromPartial({ id, eventId: 'evt_1', endpointId: 'ep_1', status, round: 2, attemptCount: 3 }),
      event: async (_tenantId, id) => Event.fromPartial({ id, type: 'order.paid', data: '1', occurredAt: new Date(0) }),
    },
    view,
    compileEndpoint: makeCompileEndpoint(view, openKeyring({ masterKey: randomBytes(32).toString('hex') })),
    bodyFor: makeBodyFor(() => Promise.reject(new Error('unused'))),
    append: async (records) => void written.push(...records),
    clock: { now: () => 1000 },
    maxDeadlineMs: 60_000,
  });
  const signal = AbortSignal.abort();
  const answer = await call({ deliveryId: 'd1', deadLetterOnly }, { principal, namedTenant: undefined, signal });
  return { answer, deliveries: written.filter(({ topic }) => topic === topicNames.deliveries) };
};

describe('a redelivery', () => {
  test.each([
    [DeliveryStatus.DEAD_LETTERED, true],
    [DeliveryStatus.DEAD_LETTERED, false],
    [DeliveryStatus.DELIVERED, false],
  ])('of status %d, of dead letters only: %s, opens the next round', async (status, deadLetterOnly) => {
    const { answer, deliveries } = await redeliver(status, deadLetterOnly);
    expect(answer).toEqual({ deliveryId: 'd1', round: 3 });
    const records = deliveries.map(({ value }) => DeliveryRecord.decode(value ?? Buffer.alloc(0)));
    expect(records).toMatchObject([
      { deliveryId: 'd1', round: 3, attempt: 4, roundFirstAttempt: 4, endpointSubject: 'user_1' },
    ]);
  });

  test.each([DeliveryStatus.DELIVERED, DeliveryStatus.RETRYING, DeliveryStatus.SKIPPED])(
    'of dead letters only is refused for status %d',
    async (status) => {
      await expect(redeliver(status, true)).rejects.toMatchObject({ reason: 'WRONG_STATE' });
    },
  );
});
