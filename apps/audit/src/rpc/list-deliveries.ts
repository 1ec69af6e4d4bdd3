import { fromProto, type ListDeliveriesRequest, type ListDeliveriesResponse } from '@bellwire/contracts';
import type { DeliveryStatus } from '@bellwire/domain';
import { invalidField } from '@bellwire/errors';
import type { Call } from '@bellwire/rpc';
import { attemptsOf, countDeliveries, listDeliveries, type DeliveryFilter } from '../store/deliveries.ts';
import { deliveryOf } from './encode.ts';
import { deliveryIdPattern, pageOf, periodOf, refuseNul, sliceOf, type Read, type Reading } from './reading.ts';

/** @throws Fault INVALID_FIELD */
const statusOf = (value: ListDeliveriesRequest['statuses'][number], path: string): DeliveryStatus => {
  const status = fromProto.status(value);
  if (status === undefined) throw invalidField(path, 'must be a delivery status');
  return status;
};

/** @throws Fault INVALID_FIELD */
export const filterOf = (request: ListDeliveriesRequest): DeliveryFilter => {
  const { endpointId, eventId, eventType, subject, status, withTests, triedOnly } = request;
  refuseNul({ endpoint_id: endpointId, event_id: eventId, event_type: eventType, subject });
  const statuses = request.statuses.map((each, index) => statusOf(each, `statuses[${index}]`));
  if (status !== undefined) statuses.push(statusOf(status, 'status'));
  return { ...periodOf(request), endpointId, eventId, eventType, subject, statuses, withTests, triedOnly };
};

/** The page that a request asks for, and what it wants beside it. @throws Fault INVALID_FIELD */
export const pageOfDeliveries = async (
  { trx, viewer }: Reading,
  request: ListDeliveriesRequest,
  filter: DeliveryFilter,
) => {
  const slice = sliceOf(request, deliveryIdPattern);
  const { rows, nextCursor } = pageOf(await listDeliveries(trx, viewer, filter, slice), slice);
  const total = request.withTotal ? await countDeliveries(trx, viewer, filter) : undefined;
  const attempts = await attemptsOf(trx, viewer.tenantId, request.withAttempts ? rows : []);
  return { rows, nextCursor, total, attempts };
};

/** Deliveries, newest first. @throws Fault INVALID_FIELD */
export const makeListDeliveries =
  (read: Read) =>
  (request: ListDeliveriesRequest, call: Call): Promise<ListDeliveriesResponse> =>
    read(call, 'deliveries:read', async (reading) => {
      const { rows, nextCursor, total, attempts } = await pageOfDeliveries(reading, request, filterOf(request));
      const deliveries = rows.map((row) => deliveryOf(row, attempts.get(row.id)));
      return { deliveries, nextCursor, asOf: new Date(reading.deliveriesAsOfMs), total };
    });
