import type { GetDeliveryRequest, GetDeliveryResponse } from '@bellwire/contracts';
import { deliveryIdTime } from '@bellwire/domain';
import type { Call } from '@bellwire/rpc';
import { attemptsOf, findDelivery } from '../store/deliveries.ts';
import { deliveryOf } from './encode.ts';
import { missing, type Read } from './reading.ts';

/** A delivery with its attempts; tests are found too. @throws Fault NOT_FOUND, NOT_YET_RECORDED */
export const makeGetDelivery =
  (read: Read) =>
  ({ id }: GetDeliveryRequest, call: Call): Promise<GetDeliveryResponse> =>
    read(call, 'deliveries:read', async ({ trx, viewer, nowMs, deliveriesAsOfMs }) => {
      const acceptedAtMs = deliveryIdTime(id);
      const isKept = acceptedAtMs !== undefined && acceptedAtMs >= viewer.visibleFromMs;
      const delivery = isKept ? await findDelivery(trx, viewer, { id, acceptedAtMs }) : undefined;
      if (delivery === undefined) {
        throw missing('delivery', id, acceptedAtMs, deliveriesAsOfMs, nowMs);
      }
      const attempts = await attemptsOf(trx, viewer.tenantId, [delivery]);
      return { delivery: deliveryOf(delivery, attempts.get(id)), asOf: new Date(deliveriesAsOfMs) };
    });
