import { DeliveryRecord, fromProto, type CancelRequest, type CancelResponse } from '@bellwire/contracts';
import { actingFor, isTerminal, type Clock } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { traceHeaders } from '@bellwire/messaging';
import type { Call } from '@bellwire/rpc';
import type { Append } from '../ports.ts';
import { toDeliveries } from '../writing/records.ts';
import { knownDelivery, reservedSlotOf, type KnownDeliveryDeps } from './known-delivery.ts';

export interface CancelDeps extends KnownDeliveryDeps {
  append: Append;
  clock: Clock;
  maxDeadlineMs: number;
}

/** For what waits past the deadline: a delayer that lags, a hold that looks again. */
const toleranceMs = 24 * 60 * 60 * 1000;

/**
 * Ends the round of a delivery that waits. The order goes the way of the delivery, so that the owner of the endpoint
 * follows it; a request that is under way by then is not called back, and its success still counts.
 *
 * @throws Fault NOT_FOUND for another tenant's or subject's delivery, WRONG_STATE where it has ended
 */
export const makeCancel =
  ({ history, view, append, clock, maxDeadlineMs }: CancelDeps) =>
  async (request: CancelRequest, call: Call): Promise<CancelResponse> => {
    const acting = actingFor(call.principal, 'deliveries:redeliver', call.namedTenant);
    const known = await knownDelivery({ history, view }, acting, request.deliveryId);
    const status = fromProto.status(known.status);
    if (status === undefined || isTerminal(status)) {
      throw new Fault('WRONG_STATE', `The delivery is ${status}: only one that waits can be cancelled.`);
    }
    const order = DeliveryRecord.fromPartial({
      tenantId: acting.tenantId,
      endpointId: known.endpointId,
      eventId: known.eventId,
      deliveryId: known.id,
      eventType: known.eventType,
      subject: known.subject,
      round: known.round,
      attempt: known.attemptCount + 1,
      acceptedAtMs: known.createdAt?.getTime() ?? 0,
      // Nothing of the round waits longer than until here.
      deadlineAtMs: clock.now() + maxDeadlineMs + toleranceMs,
      slotAtMs: reservedSlotOf(known),
      cancel: true,
      endpointSubject: known.endpointSubject,
    });
    await append([toDeliveries(order, traceHeaders())]);
    return {};
  };
