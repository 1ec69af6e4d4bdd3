import { DeliveryRecord, fromProto, type RedeliverRequest, type RedeliverResponse } from '@bellwire/contracts';
import { actingFor, deadlineOf, type Clock } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { traceHeaders } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { Call } from '@bellwire/rpc';
import type { CompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import type { Append, History } from '../ports.ts';
import { hasRoomToGrow, toDeliveries, transitionRecord } from '../writing/records.ts';
import type { BodyFor } from './body-for.ts';
import { knownDelivery, reservedSlotOf } from './known-delivery.ts';

const tooLarge = ({ body }: DeliveryRecord): Fault =>
  new Fault('RECORD_TOO_LARGE', `The body of ${body.length} bytes is too large to be delivered.`);

export interface RedeliverDeps {
  history: History;
  view: Pick<RegistryView, 'endpoint' | 'position' | 'catchUp'>;
  compileEndpoint: CompileEndpoint;
  bodyFor: BodyFor;
  append: Append;
  clock: Clock;
  maxDeadlineMs: number;
}

/**
 * Opens the next round of a delivery with the same delivery id and the same body; attempt numbers go on counting. The
 * body is rendered again from the event, which gives the same bytes unless the endpoint's payload template was changed: so
 * a dead letter of a template that failed is delivered once that is mended. A retry that still waits has an older round, and
 * is dropped when it comes.
 *
 * @throws Fault NOT_FOUND for another tenant's or subject's delivery, WRONG_STATE where the endpoint is deleted, or
 *   the delivery is no dead letter and only one is wanted; TEMPLATE_FAILED, RECORD_TOO_LARGE
 */
export const makeRedeliver = (deps: RedeliverDeps) => {
  const { history, view, compileEndpoint, bodyFor, append, clock, maxDeadlineMs } = deps;

  return async (request: RedeliverRequest, call: Call): Promise<RedeliverResponse> => {
    const acting = actingFor(call.principal, 'deliveries:redeliver', call.namedTenant);
    const { tenantId } = acting;
    const known = await knownDelivery({ history, view }, acting, request.deliveryId);
    const status = fromProto.status(known.status);
    if (request.deadLetterOnly && status !== 'dead_lettered') {
      throw new Fault('WRONG_STATE', `The delivery is ${status}, and no dead letter.`);
    }
    const event = await history.event(tenantId, known.eventId);
    await view.catchUp();
    const state = view.endpoint(known.endpointId);
    if (state === undefined || state.tenantId !== tenantId) {
      throw new Fault('WRONG_STATE', `The endpoint ${known.endpointId} of this delivery is deleted.`);
    }
    const endpoint = compileEndpoint(state);
    const nowMs = clock.now();
    const times = { occurredAtMs: event.occurredAt?.getTime() ?? 0, acceptedAtMs: event.acceptedAt?.getTime() ?? 0 };
    const attempt = known.attemptCount + 1;
    const delivery = DeliveryRecord.fromPartial({
      tenantId,
      endpointId: endpoint.id,
      eventId: event.id,
      deliveryId: known.id,
      eventType: event.type,
      subject: event.subject,
      body: await bodyFor(endpoint, { ...event, ...times, deliveryId: known.id }),
      round: known.round + 1,
      attempt,
      roundFirstAttempt: attempt,
      ...times,
      roundStartedAtMs: nowMs,
      deadlineAtMs: deadlineOf(nowMs, endpoint.policy, maxDeadlineMs),
      registryPosition: view.position(),
      // It supersedes one that waits for a slot, and takes that over.
      slotAtMs: reservedSlotOf(known),
      endpointSubject: endpoint.subject,
    });
    const pending = { status: 'pending', reason: 'redelivery', attemptCount: known.attemptCount, atMs: nowMs } as const;
    const headers = traceHeaders();
    const record = toDeliveries(delivery, headers);
    if (!hasRoomToGrow(record)) throw tooLarge(delivery);
    await append([record, transitionRecord(delivery, pending, headers)]);
    return { deliveryId: known.id, round: delivery.round };
  };
};
