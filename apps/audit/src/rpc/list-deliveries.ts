import { fromProto, type ListDeliveriesRequest, type ListDeliveriesResponse } from '@bellwire/contracts';
import { invalidField } from '@bellwire/errors';
import type { Call } from '@bellwire/rpc';
import { listDeliveries, type DeliveryFilter } from '../store/deliveries.ts';
import { deliveryOf } from './encode.ts';
import { dateOf, deliveryIdPattern, pageOf, refuseNul, sliceOf, type Read } from './reading.ts';

/** @throws Fault INVALID_FIELD */
export const filterOf = (request: ListDeliveriesRequest): DeliveryFilter => {
  const { endpointId, eventId, eventType, subject } = request;
  refuseNul({ endpoint_id: endpointId, event_id: eventId, event_type: eventType, subject });
  const status = request.status === undefined ? undefined : fromProto.status(request.status);
  if (request.status !== undefined && status === undefined) throw invalidField('status', 'must be a delivery status');
  return { ...sliceOf(request, deliveryIdPattern), endpointId, eventId, eventType, subject, status };
};

/** Deliveries without tests, newest first. @throws Fault INVALID_FIELD */
export const makeListDeliveries =
  (read: Read) =>
  (request: ListDeliveriesRequest, call: Call): Promise<ListDeliveriesResponse> =>
    read(call, 'deliveries:read', async ({ trx, viewer, deliveriesAsOfMs }) => {
      const filter = filterOf(request);
      const { rows, nextCursor } = pageOf(await listDeliveries(trx, viewer, filter), filter);
      return { deliveries: rows.map(deliveryOf), nextCursor, asOf: dateOf(deliveriesAsOfMs) };
    });
